// A long array of the state that most runs leave as it is: it is decoded when somebody asks for it, and otherwise written as
// it was read.
//
// Only in a text that a checksum says is ours: in any other, damage is seen when the state is loaded.

/// An array that may still be JSON.
@propertyWrapper
struct JSONLater<Element: JSONStored & Sendable & Equatable>: Sendable {
    private enum Content {
        case elements([Element])
        case text(JSONNode)
    }

    private var content: Content

    init(wrappedValue: [Element]) { content = .elements(wrappedValue) }

    /// Decoded each time; empty where the text is something else, which `decoded` tells.
    var wrappedValue: [Element] {
        get { decoded ?? [] }
        set { content = .elements(newValue) }
    }

    var projectedValue: JSONLater { self }

    /// nil: something else stands there, and it is not ours after all.
    var decoded: [Element]? {
        switch content {
        case .elements(let elements): elements
        case .text(let node): node.array(of: Element.self)
        }
    }

    /// What is not decoded yet.
    var text: JSONNode? {
        switch content {
        case .elements: nil
        case .text(let node): node
        }
    }
}

extension JSONLater: JSONStored {
    init?(json: JSONNode) {
        if json.isOurs {
            guard json.isArray else { return nil }
            content = .text(json)
        } else {
            guard let elements = json.array(of: Element.self) else { return nil }
            content = .elements(elements)
        }
    }

    func write(to json: inout JSONWriter) {
        switch content {
        case .elements(let elements): json.array(elements)
        case .text(let node): json.copy(node)
        }
    }
}

extension JSONLater: Equatable {
    static func == (left: JSONLater, right: JSONLater) -> Bool {
        if let text = left.text, let other = right.text { return text.isSame(as: other) || text.text == other.text }
        return left.decoded == right.decoded
    }
}
