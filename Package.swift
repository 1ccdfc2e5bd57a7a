// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .unsafeFlags(["-warnings-as-errors"])]

let package = Package(
    name: "servercheck",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    ],
    targets: [
        .target(name: "CShim", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror", "-ffunction-sections"])]),
        .executableTarget(
            name: "servercheck",
            dependencies: [
                "CShim",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "servercheckTests",
            dependencies: ["servercheck"],
            resources: [.copy("Fixtures")],
            swiftSettings: strict
        ),
    ]
)
