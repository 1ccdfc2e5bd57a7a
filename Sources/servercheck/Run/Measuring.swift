// Asking the sensors, which may block: first one after the other on the thread that runs, and where that is late, each on
// a thread that can be left behind.

/// The sensors of one run and what they need.
struct Measuring: Sendable {
    /// What came of asking one sensor. No Result, whose first use makes Swift look up whether the error is one.
    enum Answer: Sendable {
        case reading(Reading)
        case failed(SensorError)
        /// Not within the limit.
        case missing
    }

    var sensors: [any Sensor]
    var machine: Machine
    /// By the sensor's name.
    var memories: [String: SensorMemory]
    /// The end of the whole run.
    var deadline: ContinuousClock.Instant

    /// Asks each sensor on this thread. A RunWatch must watch it.
    ///
    /// - Parameter answers: grows by each answer, so that a substitute need not ask again.
    func directly(into answers: Monitor<[Answer]>) {
        var machine = machine
        machine.isWatched = true
        for sensor in sensors {
            let answer = ask(sensor, machine)
            answers.access { $0.append(answer) }
        }
    }

    /// Asks each sensor on a thread of its own: one that blocks delays no other.
    ///
    /// - Parameter answered: what the first sensors said already.
    /// - Returns: one answer per sensor, in order, and what the limit was.
    func guarded(after answered: [Answer] = []) -> (answers: [Answer], limitSeconds: Double) {
        let left = ContinuousClock.now.duration(to: deadline) / .seconds(1)
        // A third of the time is kept for telling.
        let limitSeconds = max(0.1, left * 2 / 3)
        let answers = withStallGuards(Array(sensors.dropFirst(answered.count)), limitSeconds: limitSeconds) { sensor in
            ask(sensor, machine)
        }
        return (answered + answers.map { $0 ?? .missing }, limitSeconds)
    }

    private func ask(_ sensor: any Sensor, _ machine: Machine) -> Answer {
        do throws(SensorError) {
            return .reading(try sensor.measure(on: machine, memory: memories[sensor.name] ?? SensorMemory()))
        } catch {
            return .failed(error)
        }
    }
}
