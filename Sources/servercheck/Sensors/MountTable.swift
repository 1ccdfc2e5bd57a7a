// All mounts of /proc/self/mountinfo and how they lie over each other. Asks no filesystem: only what the table says.
//
// Looked up in sorted arrays. Each Dictionary with another type of key would make Swift search all conformances of the
// program once, which costs more than all the rest of this sensor.

import Glibc

/// The mounts of this mount namespace.
struct MountTable: Sendable {
    /// In tree order: parents first, siblings in the order of the file. For the tree order is what the kernel makes of
    /// any order when it copies a namespace, so that a sandboxed unit and a shell see the same.
    let mounts: [Mount]
    /// Positions in `mounts` by id; of an id that is there twice, the last one comes last.
    private let byID: [Int]
    /// Positions in `mounts` by parent and mount point; of several at one place, the last one comes last. A mount that is
    /// its own parent, as the initial rootfs, is not among them.
    private let byPlace: [Int]
    /// Of each mount, whether another lies over it, over a directory above it, or over what it is mounted on.
    private var isCovered: [Bool] = []
    private let hasAutomounts: Bool

    /// Reads the whole file; lines that are not what the kernel writes are left out.
    init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        var mounts: [Mount] = []
        while let line = rest.cut(at: UInt8(ascii: "\n")) {
            if let mount = Mount(line: line) { mounts.append(mount) }
        }
        mounts = MountTable.inTreeOrder(mounts)
        self.mounts = mounts
        hasAutomounts = mounts.contains { $0.type == "autofs" }
        byID = MountTable.sortedByID(mounts)
        byPlace = mounts.indices.filter { mounts[$0].parent != mounts[$0].id }.sorted {
            let order = MountTable.order(mounts[$0], mounts[$1].parent, mounts[$1].point[...])
            return order == 0 ? $0 < $1 : order < 0
        }
        isCovered = covered()
    }

    private static func sortedByID(_ mounts: [Mount]) -> [Int] {
        mounts.indices.sorted { (mounts[$0].id, $0) < (mounts[$1].id, $1) }
    }

    private static func inTreeOrder(_ mounts: [Mount]) -> [Mount] {
        let byID = sortedByID(mounts)
        let isRoot = { (position: Int) in
            mounts[position].parent == mounts[position].id || find(mounts[position].parent, in: mounts, byID) == nil
        }
        let byParent = mounts.indices.filter { mounts[$0].parent != mounts[$0].id }.sorted {
            (mounts[$0].parent, $0) < (mounts[$1].parent, $1)
        }
        var ordered: [Mount] = []
        ordered.reserveCapacity(mounts.count)
        var seen = [Bool](repeating: false, count: mounts.count)
        // A mount whose parent is not listed begins a tree; after these, what only a cycle of ids can leave.
        for root in mounts.indices.filter(isRoot) + Array(mounts.indices) where !seen[root] {
            var waiting = [root]
            while let position = waiting.popLast() {
                if seen[position] { continue }
                seen[position] = true
                ordered.append(mounts[position])
                let id = mounts[position].id
                let first = partition(byParent) { mounts[$0].parent >= id }
                let end = partition(byParent) { mounts[$0].parent > id }
                waiting += byParent[first..<end].reversed()
            }
        }
        return ordered
    }

    /// Whether another mount lies over this one, or over a directory above it, so that its mount point leads elsewhere.
    func isHidden(_ mount: Mount) -> Bool {
        if last(on: mount.id, at: mount.point[...]) != nil { return true }
        return MountTable.find(mount.id, in: mounts, byID).map { isCovered[$0] } ?? false
    }

    private func covered() -> [Bool] {
        var isCovered = [Bool](repeating: false, count: mounts.count)
        // The length of the shortest path at which anything is mounted on the same mount.
        var shortest = 0
        for (index, position) in byPlace.enumerated() {
            let (parent, point) = (mounts[position].parent, mounts[position].point)
            if index == 0 || mounts[byPlace[index - 1]].parent != parent { shortest = point.count }
            let isLastThere =
                index + 1 == byPlace.count || MountTable.order(mounts[byPlace[index + 1]], parent, point[...]) != 0
            // Asked path by path, not mount by mount: a ZFS pool can have thousands side by side.
            isCovered[position] =
                !isLastThere
                || MountTable.isAnyDirectory(above: point, from: shortest) { last(on: parent, at: $0) != nil }
        }
        // Parents come first, but in a cycle of ids, which only a forged table has.
        for position in mounts.indices where mounts[position].parent != mounts[position].id {
            if let parent = MountTable.find(mounts[position].parent, in: mounts, byID), isCovered[parent] {
                isCovered[position] = true
            }
        }
        return isCovered
    }

    /// Whether the mount is an automount point or was mounted by one.
    func isAutomounted(_ mount: Mount) -> Bool {
        hasAutomounts && isAny(inLineageOf: mount) { mounts[$0].type == "autofs" }
    }

    /// Asks for the position of a mount and those of its ancestors. Bounded, because ids from a forged table can form a
    /// cycle.
    private func isAny(inLineageOf mount: Mount, _ body: (Int) -> Bool) -> Bool {
        var next = MountTable.find(mount.id, in: mounts, byID)
        for _ in 0..<128 {
            guard let position = next else { return false }
            if body(position) { return true }
            let parent = mounts[position].parent
            next = parent == mounts[position].id ? nil : MountTable.find(parent, in: mounts, byID)
        }
        return false
    }

    /// The position of the mount with this id, the last one where there are several.
    private static func find(_ id: Int, in mounts: [Mount], _ byID: [Int]) -> Int? {
        let end = partition(byID) { mounts[$0].id > id }
        return end > 0 && mounts[byID[end - 1]].id == id ? byID[end - 1] : nil
    }

    /// The position of what was mounted last on a mount, at a path.
    private func last(on parent: Int, at point: ArraySlice<UInt8>) -> Int? {
        let end = MountTable.partition(byPlace) { MountTable.order(mounts[$0], parent, point) > 0 }
        return end > 0 && MountTable.order(mounts[byPlace[end - 1]], parent, point) == 0 ? byPlace[end - 1] : nil
    }

    /// Below 0 when the mount's place comes before the other one: by parent, length, and bytes.
    private static func order(_ mount: Mount, _ parent: Int, _ point: ArraySlice<UInt8>) -> Int {
        if mount.parent != parent { return mount.parent < parent ? -1 : 1 }
        if mount.point.count != point.count { return mount.point.count < point.count ? -1 : 1 }
        return mount.point.withUnsafeBytes { one in
            point.withUnsafeBytes { other in
                guard let one = one.baseAddress, let start = other.baseAddress else { return 0 }
                return Int(memcmp(one, start, other.count))
            }
        }
    }

    /// How many of the positions, sorted so that `isBehind` is false first and then true, it is false for.
    private static func partition(_ positions: [Int], _ isBehind: (Int) -> Bool) -> Int {
        var low = 0
        var high = positions.count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(positions[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Asks for `/` and `/a` of `/a/b`, but for none shorter than `shortest`; for nothing of `/`.
    private static func isAnyDirectory(
        above path: [UInt8], from shortest: Int, _ body: (ArraySlice<UInt8>) -> Bool
    ) -> Bool {
        guard path.count > max(1, shortest) else { return false }
        // What the kernel writes begins with it.
        if shortest <= 1, body(path[..<1]) { return true }
        return (max(1, shortest)..<path.count).contains { path[$0] == UInt8(ascii: "/") && body(path[..<$0]) }
    }
}
