// What every value of an option must be.

import ArgumentParser

/// Checks of options' values.
enum OptionValue {
    /// An empty path or name is a variable that a script forgot to set: `/` must not be taken for a state directory.
    @Sendable static func notEmpty(_ text: String) throws -> String {
        if text.isEmpty { throw ValidationError("must not be empty") }
        return text
    }
}
