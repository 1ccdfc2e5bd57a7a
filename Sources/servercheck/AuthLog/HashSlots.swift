// The hash table of everything that is counted by name: only numbers of entries, which their owner keeps in the order in
// which they came. So the frequent ones, which come early, lie together, and a table that holds little is little.

/// Finds the numbers of entries by their hashes. Open addressing, at most half full.
struct HashSlots: Sendable {
    /// Entries a table can hold: a slot has room for a number and some bits of the hash.
    static let limit = 32_766
    private static let numberBits: UInt32 = 0x7FFF

    /// Number + 1 in the low bits, the hash's bits above; 0 is free. A power of two.
    private var slots = [UInt32](repeating: 0, count: 64)
    /// Of each entry.
    private var hashes: [UInt64] = []

    /// The number of the entry with this hash for which `isRight` holds; -1: there is none.
    @inline(__always)
    func number(hash: UInt64, isRight: (Int) -> Bool) -> Int {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count &- 1)
        while slots[slot] != 0 {
            if (slots[slot] ^ HashSlots.mark(hash)) & ~HashSlots.numberBits == 0 {
                let number = Int(slots[slot] & HashSlots.numberBits) &- 1
                if isRight(number) { return number }
            }
            slot = (slot &+ 1) & (slots.count &- 1)
        }
        return -1
    }

    /// Adds the next entry, below `limit`; its number is how many there were before.
    mutating func add(hash: UInt64) {
        guard hashes.count < HashSlots.limit else { return }
        hashes.append(hash)
        if hashes.count * 2 <= slots.count {
            put(hashes.count - 1)
        } else {
            slots = [UInt32](repeating: 0, count: slots.count * 2)
            for number in hashes.indices { put(number) }
        }
    }

    /// The place it takes stays.
    mutating func removeAll() {
        for slot in slots.indices { slots[slot] = 0 }
        hashes.removeAll(keepingCapacity: true)
    }

    private mutating func put(_ number: Int) {
        var slot = Int(truncatingIfNeeded: hashes[number]) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = HashSlots.mark(hashes[number]) | UInt32(number + 1)
    }

    /// Bits that do not choose the slot.
    private static func mark(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) & ~numberBits }
}
