import Testing

@testable import servercheck

@Suite("Sizes") struct ByteSizeTests {
    @Test(
        "sizes are read with units of 1000 and of 1024",
        arguments: [
            ("20GiB", 21_474_836_480), ("20GB", 20_000_000_000), ("20 gib", 21_474_836_480),
            ("1.5 TB", 1_500_000_000_000),
            ("512", 512), ("512B", 512), ("1kB", 1000), ("1KiB", 1024), ("3MB", 3_000_000), ("3MiB", 3_145_728),
            ("1PB", 1e15), ("1PiB", 1_125_899_906_842_624), ("0", 0), ("2TiB", 2_199_023_255_552),
        ])
    func reading(text: String, bytes: Double) {
        #expect(ByteSize.parse(text) == bytes)
    }

    @Test(
        "what is no size is refused",
        arguments: [
            "", "GiB", "20G", "20 G B", "-1GB", "+1GB", "1e3", "0x10", "1.2.3", ".", "20GiB ", " 20GiB", "20GiB!", "∞",
            "٣GB",
        ])
    func refusing(text: String) {
        #expect(ByteSize.parse(text) == nil)
    }

    @Test(
        "sizes are shown with about three digits",
        arguments: [
            (0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (102_348, "99.9 KiB"),
            (102_400, "100 KiB"), (1_048_575, "1.0 MiB"), (14_173_392_077, "13.2 GiB"), (214_748_364_800, "200 GiB"),
            (2_100_000_000_000, "1.9 TiB"), (18_446_744_073_709_551_616, "16.0 EiB"), (1e30, "867361737988 EiB"),
        ])
    func showing(bytes: Double, text: String) {
        #expect(ByteSize.text(bytes) == text)
    }

    @Test(
        "numbers are shown rounded, or as short as they can be",
        arguments: [
            (0, "0.0", "0"), (93.44, "93.4", "93.44"), (93.45, "93.5", "93.45"), (90, "90.0", "90"),
            (-0.5, "-0.5", "-0.5"), (99.96, "100.0", "99.96"),
        ])
    func numbers(number: Double, rounded: String, shortest: String) {
        #expect(NumberText.rounded(number, places: 1) == rounded)
        #expect(NumberText.shortest(number) == shortest)
    }

    @Test("numbers beyond every integer are shown too")
    func beyond() {
        #expect(NumberText.rounded(.infinity, places: 1) == "inf")
        #expect(NumberText.shortest(.nan) == "nan")
        #expect(NumberText.shortest(1e300) == "1e+300")
    }
}
