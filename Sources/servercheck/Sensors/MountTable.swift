// All mounts of /proc/self/mountinfo and how they lie over each other. Asks no filesystem: only what the table says.

/// The mounts of this mount namespace.
struct MountTable: Sendable {
    /// In tree order: parents first, siblings in the order of the file. For the tree order is what the kernel makes of
    /// any order when it copies a namespace, so that a sandboxed unit and a shell see the same.
    let mounts: [Mount]
    /// Positions in `mounts`.
    private let positionByID: [Int: Int]
    private let childrenByParentID: [Int: [Int]]

    /// Reads the whole file; lines that are not what the kernel writes are left out.
    init(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        self.init(MountTable.inTreeOrder(lines.compactMap { Mount(line: $0) }))
    }

    private init(_ mounts: [Mount]) {
        var positions: [Int: Int] = [:]
        var children: [Int: [Int]] = [:]
        for (position, mount) in mounts.enumerated() {
            positions[mount.id] = position
            // The initial rootfs is its own parent.
            if mount.parent != mount.id { children[mount.parent, default: []].append(position) }
        }
        self.mounts = mounts
        positionByID = positions
        childrenByParentID = children
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
        let onTop = childrenByParentID[mount.id] ?? []
        if onTop.contains(where: { mounts[$0].point == mount.point }) { return true }
        return lineage(of: mount).contains { position in
            let covered = mounts[position]
            if covered.parent == covered.id { return false }
            return (childrenByParentID[covered.parent] ?? []).contains { sibling in
                let cover = mounts[sibling].point
                if cover == covered.point { return sibling > position }
                return sibling != position && MountTable.lies(covered.point, below: cover)
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

    private static func lies(_ path: [UInt8], below directory: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/")
        if directory == [slash] { return path.count > 1 }
        return path.count > directory.count && path[directory.count] == slash && path.starts(with: directory)
    }
}
