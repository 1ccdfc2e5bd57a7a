// A run that holds its state, from the lock to the last commit.

/// A run under way. A class, because the thread that ends a run need not be the one that began it; unchecked, because
/// RunWatch sees to it that only one of them goes on.
final class StartedRun: @unchecked Sendable {
    private let run: Run
    private var store: StateStore

    /// Locks and loads the state.
    ///
    /// - Throws: StateError when the state is locked or was written by a newer version.
    init(_ run: Run) throws(StateError) {
        var run = run
        store =
            run.isDryRun
            ? StateStore.readOnly(run.places)
            : try StateStore.open(run.places, now: run.machine.now, deadline: run.deadline)
        if let clock = run.clock {
            run.machine.now = clock()
            run.began = .now
        }
        self.run = run
    }

    private var measuring: Measuring {
        Measuring(
            sensors: run.config.sensors.filter { run.selection.isEmpty || run.selection.contains($0.name) },
            machine: run.machine, memories: store.state.sensors, deadline: run.deadline)
    }

    /// The rest of the run, each sensor under a guard of its own.
    func perform() -> Run.Outcome {
        let (answers, limitSeconds) = measuring.guarded()
        return run.conclude(answers, limitSeconds: limitSeconds, &store)
    }

    /// The rest of the run on this thread, under `watch`; where a sensor is late, on another one under guards.
    ///
    /// - Parameter conclude: takes the outcome, on whichever thread has it, and ends the process.
    func perform(under watch: RunWatch, conclude: @escaping @Sendable (Run.Outcome) -> Never) -> Never {
        let measuring = measuring
        let answers = Monitor<[Measuring.Answer]>([])
        watch.attempt {
            measuring.directly(into: answers)
        } substitute: { [self] in
            let (all, limitSeconds) = measuring.guarded(after: answers.access { $0 })
            conclude(run.conclude(all, limitSeconds: limitSeconds, &store))
        }
        conclude(run.conclude(answers.access { $0 }, limitSeconds: 0, &store))
    }
}
