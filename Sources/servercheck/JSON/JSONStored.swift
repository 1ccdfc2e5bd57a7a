// What this program writes as JSON and reads back: the state, and the last result. One list of members serves both ways, so
// that what is read cannot differ from what is written.
//
// 1. A member that is not optional must be there and be what it should be; else all of it is damaged.
// 2. Unknown members are passed over: an older version reads what a newer one added.

/// A value that JSON can hold.
protocol JSONStored {
    /// Whether it is a number. Arrays of these are long.
    static var isNumber: Bool { get }
    /// nil: something else stands there.
    init?(json: JSONNode)
    func write(to json: inout JSONWriter)
}

extension JSONStored {
    static var isNumber: Bool { false }
}

/// A value that is an object in JSON.
protocol JSONRecord: JSONStored {
    /// To be filled by `members`.
    init()
    /// Names each member, in the order in which they are written.
    mutating func members(_ json: inout JSONMembers)
}

extension JSONRecord {
    init?(json: JSONNode) {
        guard var members = JSONMembers(of: json) else { return nil }
        self.init()
        self.members(&members)
        if members.isDamaged { return nil }
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            var members = JSONMembers()
            // Moved there and back, not copied.
            swap(&members.writer, &json)
            var copy = self
            copy.members(&members)
            swap(&members.writer, &json)
        }
    }
}

/// The members of one object, to be read or to be written.
struct JSONMembers {
    fileprivate var writer = JSONWriter()
    /// nil when writing.
    private let object: JSONNode?
    /// Where the next key probably is: they are read in the order in which they were written.
    private var likely = 0
    /// Whether something that must be there was not.
    private(set) var isDamaged = false

    fileprivate init() { object = nil }

    fileprivate init?(of node: JSONNode) {
        guard node.members != nil else { return nil }
        object = node
    }

    mutating func member<Value: JSONStored>(_ name: StaticString, _ value: inout Value) {
        if object == nil {
            writer.key(name)
            value.write(to: &writer)
        } else if let found = find(name).flatMap({ Value(json: $0) }) {
            value = found
        } else {
            isDamaged = true
        }
    }

    /// Left out where it is nil.
    mutating func member<Value: JSONStored>(_ name: StaticString, _ value: inout Value?) {
        if object == nil {
            guard let value else { return }
            writer.key(name)
            value.write(to: &writer)
        } else if let node = find(name) {
            read(node, &value)
        } else {
            value = nil
        }
    }

    /// null where it is nil.
    mutating func nullable<Value: JSONStored>(_ name: StaticString, _ value: inout Value?) {
        if object != nil {
            guard let node = find(name) else { return isDamaged = true }
            read(node, &value)
        } else {
            writer.key(name)
            if let value { value.write(to: &writer) } else { writer.null() }
        }
    }

    private mutating func read<Value: JSONStored>(_ node: JSONNode, _ value: inout Value?) {
        value = node.isNull ? nil : Value(json: node)
        if value == nil, !node.isNull { isDamaged = true }
    }

    mutating func member<Value: JSONStored>(_ name: StaticString, _ values: inout [Value]) {
        if object == nil {
            writer.key(name)
            writer.array(values)
            return
        }
        guard let found = find(name)?.array(of: Value.self) else { return isDamaged = true }
        values = found
    }

    /// Left out where it is nil.
    mutating func member<Value: JSONStored>(_ name: StaticString, _ values: inout [Value]?) {
        if object == nil ? values == nil : find(name)?.isNull != false {
            values = nil
            return
        }
        var known = values ?? []
        member(name, &known)
        values = known
    }

    /// An object whose keys are anybody's texts, written in their order.
    mutating func member<Value: JSONStored>(_ name: StaticString, _ values: inout [String: Value]) {
        if object == nil {
            // Of the keys alone: for each kind of pairs Swift would make another kind of array.
            let keys = values.keys.sorted()
            writer.key(name)
            writer.object { json in
                for key in keys {
                    guard let value = values[key] else { continue }
                    json.key(key)
                    value.write(to: &json)
                }
            }
            return
        }
        guard var members = find(name)?.members else { return isDamaged = true }
        values.removeAll()
        while let name = members.next(), let node = members.next() {
            guard let key = name.string, let value = Value(json: node) else { return isDamaged = true }
            if values[key] == nil { values[key] = value }
        }
    }

    /// For readers elsewhere; not read back.
    mutating func written<Value: JSONStored>(_ name: StaticString, _ value: @autoclosure () -> Value) {
        guard object == nil else { return }
        writer.key(name)
        value().write(to: &writer)
    }

    private mutating func find(_ name: StaticString) -> JSONNode? { object?.member(name, likely: &likely) }
}
