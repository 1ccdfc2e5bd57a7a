// The report as one JSON object, by the design's section 8; `last.json` is the same object. What is not known is null.

import FoundationEssentials

/// JSON text of any of our values: sorted keys, no escaped slashes.
enum JSONText {
    static func encode(_ value: some Encodable) -> [UInt8] {
        // Fails only for infinite numbers; every encoder here writes those as null.
        (try? Array(encoder(indented: false).encode(value))) ?? Array("{}".utf8)
    }

    static func encoder(indented: Bool) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if indented { encoder.outputFormatting.insert(.prettyPrinted) }
        return encoder
    }
}

/// A number that JSON can carry: whole ones without a fraction, infinite ones as null.
struct JSONNumber: Codable {
    var value: Double

    init?(_ value: Double?) {
        guard let value, value.isFinite else { return nil }
        self.value = value
    }

    init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(Double.self) }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let whole = Int64(exactly: value) { try container.encode(whole) } else { try container.encode(value) }
    }
}

extension Report: Codable {
    private enum Key: String, CodingKey {
        case version, host, time, status, exitCode = "exit_code", summary, findings, notifications
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(version, forKey: .version)
        try object.encode(host, forKey: .host)
        try object.encode(time.localText, forKey: .time)
        try object.encode(status, forKey: .status)
        try object.encode(status.rawValue, forKey: .exitCode)
        try object.encode(summary, forKey: .summary)
        try object.encode(findings, forKey: .findings)
        try object.encode(notifications, forKey: .notifications)
    }

    init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Key.self)
        version = try object.decode(String.self, forKey: .version)
        host = try object.decode(String.self, forKey: .host)
        time = try object.decode(Timestamp.self, forKey: .time)
        findings = try object.decode([Finding].self, forKey: .findings)
        notifications = try object.decode([NotificationReport].self, forKey: .notifications)
    }
}

extension Finding: Codable {
    private enum Key: String, CodingKey {
        case sensor, id, status, text, since, metrics
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(sensor, forKey: .sensor)
        try object.encode(id, forKey: .id)
        try object.encode(status, forKey: .status)
        try object.encode(text, forKey: .text)
        try object.encode(since?.localText, forKey: .since)
        try object.encode(metrics, forKey: .metrics)
    }

    init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Key.self)
        self.init(
            sensor: try object.decode(String.self, forKey: .sensor), id: try object.decode(String.self, forKey: .id),
            status: try object.decode(Status.self, forKey: .status),
            text: try object.decode(String.self, forKey: .text),
            metrics: try object.decode([Metric].self, forKey: .metrics))
        since = try object.decode(Timestamp?.self, forKey: .since)
    }
}

extension Metric: Codable {
    private enum Key: String, CodingKey {
        case name, value, unit, warning, critical, min, max
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(name, forKey: .name)
        try object.encode(JSONNumber(value), forKey: .value)
        try object.encode(unit.rawValue, forKey: .unit)
        try object.encode(JSONNumber(limits.warning), forKey: .warning)
        try object.encode(JSONNumber(limits.critical), forKey: .critical)
        try object.encode(JSONNumber(minimum), forKey: .min)
        try object.encode(JSONNumber(maximum), forKey: .max)
    }

    init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Key.self)
        let number = { (key: Key) in try object.decode(JSONNumber?.self, forKey: key)?.value }
        name = try object.decode(String.self, forKey: .name)
        value = try number(.value) ?? .nan
        unit = Unit(rawValue: try object.decode(String.self, forKey: .unit)) ?? .none
        limits = Limits(warning: try number(.warning), critical: try number(.critical))
        minimum = try number(.min)
        maximum = try number(.max)
    }
}

extension NotificationReport: Codable {
    private enum Key: String, CodingKey {
        case channel, reason, title, delivered, error
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(channel, forKey: .channel)
        try object.encode(reason, forKey: .reason)
        try object.encode(title, forKey: .title)
        try object.encode(delivered, forKey: .delivered)
        try object.encode(error, forKey: .error)
    }

    init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Key.self)
        self.init(
            channel: try object.decode(String.self, forKey: .channel),
            reason: try object.decode(NotifyReason.self, forKey: .reason),
            title: try object.decode(String.self, forKey: .title),
            delivered: try object.decode(Bool.self, forKey: .delivered),
            error: try object.decode(String?.self, forKey: .error))
    }
}
