// A table of one owner. An array asks at each change whether somebody else holds a copy of it, and lines of a log change
// several: these questions were a twentieth of a scan.

/// Elements in memory of their own.
///
/// Copies share them until `makeUnique`, which whoever changes elements calls before: once for many changes, at the latest after
/// the last copy was made. Debug builds, and so the unit tests, check that at each change.
struct OwnedTable<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    private final class Memory {
        let elements: UnsafeMutablePointer<Element>
        let capacity: Int

        init(capacity: Int) {
            elements = .allocate(capacity: capacity)
            self.capacity = capacity
        }

        deinit { elements.deallocate() }
    }

    private var memory = Memory(capacity: 0)
    private var elements: UnsafeMutablePointer<Element>
    private(set) var count = 0

    init() { elements = memory.elements }

    init(repeating element: Element, count: Int) {
        memory = Memory(capacity: count)
        elements = memory.elements
        elements.initialize(repeating: element, count: count)
        self.count = count
    }

    /// To be changed only after `makeUnique`.
    @inline(__always)
    subscript(index: Int) -> Element {
        _read {
            precondition(index >= 0 && index < count)
            yield elements[index]
        }
        _modify {
            precondition(index >= 0 && index < count)
            assert(isKnownUniquelyReferenced(&memory))
            yield &elements[index]
        }
    }

    /// Makes the elements its own.
    mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&memory) { move(to: count) }
    }

    mutating func append(_ element: Element) {
        if count == memory.capacity { reserveCapacity(Swift.max(16, 2 * count)) }
        makeUnique()
        (elements + count).initialize(to: element)
        count += 1
    }

    mutating func reserveCapacity(_ capacity: Int) {
        if capacity > memory.capacity { move(to: capacity) }
    }

    private mutating func move(to capacity: Int) {
        let new = Memory(capacity: capacity)
        new.elements.initialize(from: elements, count: count)
        (memory, elements) = (new, new.elements)
    }
}

extension OwnedTable: RandomAccessCollection {
    var startIndex: Int { 0 }
    var endIndex: Int { count }
}
