// Whose backlog is whose. A channel's name does not tell: without one in the config it is "telegram" or "telegram-2" by its
// place, and changes when a channel before it goes. So an outbox says which channel it was made for.
//
// 1. A channel gets the outbox that was made for it, whatever its name was then.
// 2. Else it gets the one of its name, unless that belongs to another channel of the config. It was made for what someone
//    has mended since (a chat, a token, a server): no message is lost, and what failed before holds nothing back.
// 3. While anything waits, the outboxes of all channels are kept, also empty ones: 1 needs to know them.

extension [String: Outbox] {
    /// Who may own an outbox: a channel's name and mark.
    typealias Owner = (name: String, mark: String)

    /// Gives each owner one outbox.
    ///
    /// - Returns: the names of those that nobody owns any more; they are gone.
    mutating func give(to owners: [Owner]) -> [String] {
        var given: [String: Outbox] = [:]
        var taken: [String] = []
        for owner in owners {
            let former = former(of: owner, among: owners)
            var own = former.flatMap { self[$0] } ?? Outbox()
            if own.madeFor != owner.mark, own.madeFor != nil { own.forgetFailures() }
            own.madeFor = owner.mark
            given[owner.name] = own
            if let former { taken.append(former) }
        }
        let gone = keys.filter { !taken.contains($0) }.sorted()
        self = given
        return gone
    }

    /// The name of the outbox that is this owner's.
    private func former(of owner: Owner, among owners: [Owner]) -> String? {
        let mark = self[owner.name]?.madeFor
        if self[owner.name] != nil, mark == nil || mark == owner.mark { return owner.name }
        // Of channels that reach the same each keeps its own.
        let other = keys.sorted().first { name in
            self[name]?.madeFor == owner.mark && !owners.contains { $0.name == name && $0.mark == owner.mark }
        }
        if let other { return other }
        let isAnothers = owners.contains { $0.mark == mark }
        return self[owner.name] == nil || isAnothers ? nil : owner.name
    }

    /// What is worth storing.
    var kept: [String: Outbox] { values.allSatisfy(\.isIdle) ? [:] : self }
}
