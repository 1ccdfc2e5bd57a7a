// All mounts of /proc/self/mountinfo and how they lie over each other. Asks no filesystem: only what the table says.

/// The mounts of this mount namespace.
struct MountTable: Sendable {
    /// Where a mount is attached: on which mount, at which path.
    private struct Place: Hashable {
        var parentID: Int
        var point: [UInt8]
    }

    /// In tree order: parents first, siblings in the order of the file. For the tree order is what the kernel makes of
    /// any order when it copies a namespace, so that a sandboxed unit and a shell see the same.
    let mounts: [Mount]
    /// Positions in `mounts`.
    private let positionByID: [Int: Int]
    private let childrenByParentID: [Int: [Int]]
    /// The last one where several are at one place.
    private let positionByPlace: [Place: Int]

    /// Reads the whole file; lines that are not what the kernel writes are left out.
    init(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        self.init(MountTable.inTreeOrder(lines.compactMap { Mount(line: $0) }))
    }

    private init(_ mounts: [Mount]) {
        var positions: [Int: Int] = [:]
        var children: [Int: [Int]] = [:]
        var places: [Place: Int] = [:]
        for (position, mount) in mounts.enumerated() {
            positions[mount.id] = position
            // The initial rootfs is its own parent.
            if mount.parent == mount.id { continue }
            children[mount.parent, default: []].append(position)
            places[Place(parentID: mount.parent, point: mount.point)] = position
        }
        self.mounts = mounts
        positionByID = positions
        childrenByParentID = children
        positionByPlace = places
    }

    private static func inTreeOrder(_ mounts: [Mount]) -> [Mount] {
        let table = MountTable(mounts)
        var ordered: [Mount] = []
        ordered.reserveCapacity(mounts.count)
        var seen = [Bool](repeating: false, count: mounts.count)
        // A mount whose parent is not listed begins a tree; after these, what only a cycle of ids can leave.
        let roots = mounts.indices.filter {
            mounts[$0].parent == mounts[$0].id || table.positionByID[mounts[$0].parent] == nil
        }
        for root in roots + Array(mounts.indices) {
            var waiting = [root]
            while let position = waiting.popLast() {
                if seen[position] { continue }
                seen[position] = true
                ordered.append(mounts[position])
                waiting += (table.childrenByParentID[mounts[position].id] ?? []).reversed()
            }
        }
        return ordered
    }

    /// Whether another mount lies over this one, or over a directory above it, so that its mount point leads elsewhere.
    func isHidden(_ mount: Mount) -> Bool {
        if positionByPlace[Place(parentID: mount.id, point: mount.point)] != nil { return true }
        return lineage(of: mount).contains { position in
            let covered = mounts[position]
            if covered.parent == covered.id { return false }
            // Asked path by path, not mount by mount: a ZFS pool can have thousands side by side.
            if let last = positionByPlace[Place(parentID: covered.parent, point: covered.point)], last > position {
                return true
            }
            return MountTable.directories(above: covered.point).contains {
                positionByPlace[Place(parentID: covered.parent, point: $0)] != nil
            }
        }
    }

    /// Whether the mount is an automount point or was mounted by one.
    func isAutomounted(_ mount: Mount) -> Bool {
        lineage(of: mount).contains { mounts[$0].type == "autofs" }
    }

    /// The positions of a mount and its ancestors. Bounded, because ids from a forged table can form a cycle.
    private func lineage(of mount: Mount) -> [Int] {
        var positions: [Int] = []
        var next = positionByID[mount.id]
        while let position = next, positions.count < 128 {
            positions.append(position)
            let parent = mounts[position].parent
            next = parent == mounts[position].id ? nil : positionByID[parent]
        }
        return positions
    }

    /// `/` and `/a` for `/a/b`; none for `/`.
    private static func directories(above path: [UInt8]) -> [[UInt8]] {
        guard path.count > 1 else { return [] }
        let slashes = path.indices.dropFirst().filter { path[$0] == UInt8(ascii: "/") }
        return [[UInt8(ascii: "/")]] + slashes.map { Array(path[..<$0]) }
    }
}
