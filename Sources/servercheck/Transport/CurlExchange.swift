// One transfer, start to end: options, callbacks, answer. What must stay true: only http, https, smtp and smtps;
// redirects off; certificates verified; no netrc; nothing of libcurl's dialogue leaves this file but replies of the
// server, with every secret hidden. Where libcurl does not take an option that one of these rests on, nothing is sent.

import CShim

/// One transfer. Used by one thread only; unchecked because it is handed over to that thread once.
final class CurlExchange: @unchecked Sendable {
    private let transfer: Transfer
    private let library: CurlLibrary
    private let limits: CurlTransport.Limits
    /// What is uploaded; libcurl reads it in place.
    private let upload: UnsafeMutableBufferPointer<UInt8>
    private var uploaded = 0
    private let errorBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CSHIM_CURL_ERROR_SIZE))
    private var body: [UInt8] = []
    private var isBodyCut = false
    private var dialogue = SMTPDialogue(recipients: [])
    private var shouldStop: () -> Bool = { false }
    /// The first option that had to be set and could not be.
    private var refusedOption: String?

    init(_ transfer: Transfer, library: CurlLibrary, limits: CurlTransport.Limits) {
        self.transfer = transfer
        self.library = library
        self.limits = limits
        let bytes =
            switch transfer {
            case .http(let request): request.body
            case .mail(let request): request.message
            }
        upload = .allocate(capacity: bytes.count)
        _ = upload.initialize(from: bytes)
        errorBuffer.initialize(repeating: 0, count: Int(CSHIM_CURL_ERROR_SIZE))
    }

    deinit {
        upload.deallocate()
        errorBuffer.deallocate()
    }

    /// Carries it out; blocks. `shouldStop` is asked at least once a second.
    func perform(shouldStop: @escaping () -> Bool) -> Answer {
        guard var handle = CurlHandle(library) else { return Answer(failure: "no memory for a transfer") }
        self.shouldStop = shouldStop
        setCommon(&handle)
        switch transfer {
        case .http(let request): setRequest(request, &handle)
        case .mail(let request): setMail(request, &handle)
        }
        if let refusedOption { return Answer(failure: "nothing was sent: libcurl cannot set \(refusedOption)") }
        let code = handle.perform()
        var answer = Answer(code: handle.responseCode, body: body)
        answer.refusedRecipients = dialogue.refused.map {
            Answer.RefusedRecipient(address: $0.address, reply: clean($0.reply))
        }
        // The transfer was ended here, because the answer is longer than anything that makes sense.
        if code != 0 && !isBodyCut {
            let failure = CurlFailure(
                code: code, words: library.words(code), detail: clean(String(cString: errorBuffer)),
                connectErrno: handle.connectErrno, reply: dialogue.refusal.map { clean($0) })
            answer.failure = clean(failure.text(of: transfer, limits: limits), limit: 1000)
        }
        return answer
    }

    /// Foreign words for one line of text. Hidden before cleaned: cleaning could change a secret beyond recognition.
    private func clean(_ text: String, limit: Int = 300) -> String {
        Clean.text(text.hiding(transfer.secrets), limit: limit)
    }

    /// - Parameter code: what setting the option returned.
    private func must(_ option: StaticString, _ code: Int32) {
        if code != 0, refusedOption == nil { refusedOption = "\(option) (\(library.words(code)))" }
    }

    private func setCommon(_ handle: inout CurlHandle) {
        let user = Unmanaged.passUnretained(self).toOpaque()
        handle.set(CSHIM_CURLOPT_ERRORBUFFER, pointer: errorBuffer)
        handle.set(CSHIM_CURLOPT_NOSIGNAL, 1)
        // A silent name server is not waited for when the time is up (libcurl 7.87 and newer).
        handle.set(CSHIM_CURLOPT_QUICK_EXIT, 1)
        // Both are so anyway.
        handle.set(CSHIM_CURLOPT_NETRC, 0)
        handle.set(CSHIM_CURLOPT_FOLLOWLOCATION, 0)
        handle.set(CSHIM_CURLOPT_CONNECTTIMEOUT_MS, limits.connectSeconds * 1000)
        handle.set(CSHIM_CURLOPT_TIMEOUT_MS, limits.transferSeconds * 1000)
        must("SSL_VERIFYPEER", handle.set(CSHIM_CURLOPT_SSL_VERIFYPEER, 1))
        must("SSL_VERIFYHOST", handle.set(CSHIM_CURLOPT_SSL_VERIFYHOST, 2))
        handle.set(CSHIM_CURLOPT_NOPROGRESS, 0)
        handle.set(CSHIM_CURLOPT_XFERINFODATA, pointer: user)
        handle.onProgress { user, _, _, _, _ in CurlExchange.from(user).mustEnd ? 1 : 0 }
        handle.set(CSHIM_CURLOPT_WRITEDATA, pointer: user)
        handle.onWrite { data, size, count, user in CurlExchange.from(user).receive(data, size, count) }
    }

    private func setRequest(_ request: Transfer.HTTPRequest, _ handle: inout CurlHandle) {
        must("PROTOCOLS", handle.set(CSHIM_CURLOPT_PROTOCOLS, CSHIM_CURLPROTO_HTTP | CSHIM_CURLPROTO_HTTPS))
        must("URL", handle.set(CSHIM_CURLOPT_URL, request.url.revealed))
        // Only a server of this machine is spoken to without TLS; a proxy would read the token.
        if request.url.revealed.hasPrefix("http://") { must("PROXY", handle.set(CSHIM_CURLOPT_PROXY, "")) }
        // One small request per server and run gains nothing by HTTP/2.
        handle.set(CSHIM_CURLOPT_HTTP_VERSION, CSHIM_CURL_HTTP_VERSION_1_1)
        handle.set(CSHIM_CURLOPT_USERAGENT, "servercheck")
        handle.set(CSHIM_CURLOPT_POST, 1)
        handle.set(CSHIM_CURLOPT_POSTFIELDSIZE_LARGE, size: upload.count)
        handle.set(CSHIM_CURLOPT_POSTFIELDS, pointer: upload.baseAddress.map { UnsafeMutableRawPointer($0) })
        // Without "Expect:" older libcurls wait up to a second for a "100 Continue".
        must(
            "HTTPHEADER",
            handle.set(CSHIM_CURLOPT_HTTPHEADER, list: ["Content-Type: \(request.contentType)", "Expect:"]))
    }

    private func setMail(_ request: Transfer.MailRequest, _ handle: inout CurlHandle) {
        let user = Unmanaged.passUnretained(self).toOpaque()
        dialogue = SMTPDialogue(recipients: request.recipients)
        must("PROTOCOLS", handle.set(CSHIM_CURLOPT_PROTOCOLS, CSHIM_CURLPROTO_SMTP | CSHIM_CURLPROTO_SMTPS))
        must("URL", handle.set(CSHIM_CURLOPT_URL, request.url))
        // Mail servers are reached directly: behind a proxy, "loopback" would be the proxy's.
        must("PROXY", handle.set(CSHIM_CURLOPT_PROXY, ""))
        let level = request.security == .startTLS ? CSHIM_CURLUSESSL_ALL : CSHIM_CURLUSESSL_NONE
        must("USE_SSL", handle.set(CSHIM_CURLOPT_USE_SSL, level))
        if !request.verifyTLS {
            handle.set(CSHIM_CURLOPT_SSL_VERIFYPEER, 0)
            handle.set(CSHIM_CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let file = request.caFile {
            must("CAINFO", handle.set(CSHIM_CURLOPT_CAINFO, file))
            // Else the system's directory of certificates would be trusted besides.
            handle.set(CSHIM_CURLOPT_CAPATH, nil)
        }
        if let username = request.username, let password = request.password {
            must("USERNAME", handle.set(CSHIM_CURLOPT_USERNAME, username))
            must("PASSWORD", handle.set(CSHIM_CURLOPT_PASSWORD, password.revealed))
            // The mechanisms that need nothing but these two; libcurl would prefer Kerberos or NTLM where offered.
            handle.set(CSHIM_CURLOPT_LOGIN_OPTIONS, "AUTH=CRAM-MD5;AUTH=PLAIN;AUTH=LOGIN")
        }
        must("MAIL_FROM", handle.set(CSHIM_CURLOPT_MAIL_FROM, request.sender))
        must("MAIL_RCPT", handle.set(CSHIM_CURLOPT_MAIL_RCPT, list: request.recipients))
        handle.set(CSHIM_CURLOPT_MAIL_RCPT_ALLOWFAILS, 1)
        // Ends the connection with the transfer, so that QUIT is sent where the callbacks below apply.
        handle.set(CSHIM_CURLOPT_FORBID_REUSE, 1)
        handle.set(CSHIM_CURLOPT_UPLOAD, 1)
        handle.set(CSHIM_CURLOPT_INFILESIZE_LARGE, size: upload.count)
        handle.set(CSHIM_CURLOPT_READDATA, pointer: user)
        handle.onRead { data, size, count, user in CurlExchange.from(user).send(data, size, count) }
        // The only way to learn which recipient a reply is about. With the function set, libcurl prints nothing.
        handle.set(CSHIM_CURLOPT_DEBUGDATA, pointer: user)
        handle.onDebug { _, kind, data, size, user in
            let exchange = CurlExchange.from(user)
            let bytes = UnsafeRawBufferPointer(start: data, count: size)
            if kind == Int32(CSHIM_CURLINFO_HEADER_OUT) { exchange.dialogue.sent(bytes) }
            if kind == Int32(CSHIM_CURLINFO_HEADER_IN) { exchange.dialogue.received(bytes) }
            return 0
        }
        handle.set(CSHIM_CURLOPT_VERBOSE, 1)
    }

    /// After QUIT nothing matters any more; libcurl would wait for the reply up to two minutes.
    private var mustEnd: Bool { dialogue.hasQuit || shouldStop() }

    private static func from(_ user: UnsafeMutableRawPointer) -> CurlExchange {
        Unmanaged<CurlExchange>.fromOpaque(user).takeUnretainedValue()
    }

    /// Keeps the first bytes of the body; a smaller result than was given ends the transfer.
    private func receive(_ data: UnsafeMutablePointer<CChar>, _ size: Int, _ count: Int) -> Int {
        let (bytes, overflow) = size.multipliedReportingOverflow(by: count)
        if overflow || bytes < 0 { return 0 }
        let kept = min(bytes, limits.bodyBytes - body.count)
        body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: kept))
        isBodyCut = kept < bytes
        return kept
    }

    /// Hands out the next bytes of the message; 0 at its end.
    private func send(_ data: UnsafeMutablePointer<CChar>, _ size: Int, _ count: Int) -> Int {
        let (room, overflow) = size.multipliedReportingOverflow(by: count)
        let step = min(overflow ? 0 : max(0, room), upload.count - uploaded)
        if step > 0, let base = upload.baseAddress {
            UnsafeMutableRawPointer(data).copyMemory(from: base + uploaded, byteCount: step)
            uploaded += step
        }
        return step
    }
}
