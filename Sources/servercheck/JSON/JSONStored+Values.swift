// The plain values among what is stored.

extension JSONStored where Self: FixedWidthInteger {
    static var isNumber: Bool { true }

    init?(json: JSONNode) {
        guard let number = json.integer(Self.self) else { return nil }
        self = number
    }

    func write(to json: inout JSONWriter) { json.integer(self) }
}

extension Int: JSONStored {}
extension Int32: JSONStored {}
extension Int64: JSONStored {}
extension UInt16: JSONStored {}
extension UInt32: JSONStored {}
extension UInt64: JSONStored {}

extension Double: JSONStored {
    init?(json: JSONNode) {
        guard let number = json.double else { return nil }
        self = number
    }

    func write(to json: inout JSONWriter) { json.double(self) }
}

extension Bool: JSONStored {
    init?(json: JSONNode) {
        guard let flag = json.bool else { return nil }
        self = flag
    }

    func write(to json: inout JSONWriter) { json.bool(self) }
}

extension String: JSONStored {
    init?(json: JSONNode) {
        guard let text = json.string else { return nil }
        self = text
    }

    func write(to json: inout JSONWriter) { json.string(self) }
}

extension JSONStored where Self: RawRepresentable<String> {
    init?(json: JSONNode) {
        guard let word = json.string else { return nil }
        self.init(rawValue: word)
    }

    func write(to json: inout JSONWriter) { json.string(rawValue) }
}

extension Timestamp: JSONStored {
    init?(json: JSONNode) {
        guard let time = json.time else { return nil }
        self = time
    }

    func write(to json: inout JSONWriter) { json.time(self) }
}

/// A time that is written with the local offset, for readers elsewhere.
struct LocalTime: JSONStored {
    var time: Timestamp

    init(_ time: Timestamp) { self.time = time }

    init?(json: JSONNode) {
        guard let time = json.time else { return nil }
        self.time = time
    }

    func write(to json: inout JSONWriter) { json.localTime(time) }
}

extension Status: JSONStored {
    init?(json: JSONNode) {
        guard let word = json.string, let status = Status.allCases.first(where: { $0.word == word }) else { return nil }
        self = status
    }

    func write(to json: inout JSONWriter) { json.string(word) }
}
