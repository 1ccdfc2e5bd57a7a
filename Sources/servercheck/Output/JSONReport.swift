// The report as one JSON object, by the design's section 8; `last.json` is the same object. What is not known is null.

/// JSON text of any of our values.
enum JSONText {
    /// - Parameter capacity: bytes that are probably enough.
    static func encode(
        _ value: some JSONStored, isIndented: Bool = false, isUTC: Bool = false, capacity: Int = 0
    ) -> [UInt8] {
        var json = JSONWriter(isIndented: isIndented, isUTC: isUTC, capacity: capacity)
        value.write(to: &json)
        return json.bytes()
    }

    /// nil: the bytes are no JSON, or other JSON.
    ///
    /// - Parameter isOurs: whether a checksum says that this program wrote them: then `JSONLater` stays text.
    static func decode<Value: JSONStored>(_: Value.Type, from bytes: [UInt8], isOurs: Bool = false) -> Value? {
        JSONIndex(bytes).flatMap { Value(json: JSONNode(rootOf: $0, isOurs: isOurs)) }
    }
}

extension Report: JSONRecord {
    init() { self.init(version: "", host: "", time: Timestamp(seconds: 0), findings: []) }

    mutating func members(_ json: inout JSONMembers) {
        json.written("exit_code", status.rawValue)
        json.member("findings", &findings)
        json.member("host", &host)
        json.member("notifications", &notifications)
        json.written("status", status)
        json.written("summary", summary)
        var local = LocalTime(time)
        json.member("time", &local)
        time = local.time
        json.member("version", &version)
    }
}

extension Finding: JSONRecord {
    init() { self.init(sensor: "", id: "", status: .ok, text: "") }

    mutating func members(_ json: inout JSONMembers) {
        json.member("id", &id)
        json.member("metrics", &metrics)
        json.member("sensor", &sensor)
        var local = since.map { LocalTime($0) }
        json.nullable("since", &local)
        since = local?.time
        json.member("status", &status)
        lingering = status
        json.member("text", &text)
    }
}

extension Metric: JSONRecord {
    init() { self.init(name: "", value: .nan) }

    mutating func members(_ json: inout JSONMembers) {
        json.nullable("critical", &limits.critical)
        json.nullable("max", &maximum)
        json.nullable("min", &minimum)
        json.member("name", &name)
        var word = unit.rawValue
        json.member("unit", &word)
        unit = Unit(rawValue: word) ?? .none
        var known: Double? = value
        json.nullable("value", &known)
        value = known ?? .nan
        json.nullable("warning", &limits.warning)
    }
}

extension NotificationReport: JSONRecord {
    init() { self.init(channel: "", reason: .first, title: "", delivered: false) }

    mutating func members(_ json: inout JSONMembers) {
        json.member("channel", &channel)
        json.member("delivered", &delivered)
        json.nullable("error", &error)
        json.member("reason", &reason)
        json.member("title", &title)
    }
}
