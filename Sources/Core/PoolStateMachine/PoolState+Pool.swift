import PoolModel

extension PoolState {
    mutating func createPool(_ foundation: PoolFoundation, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard pool == nil else { throw Refused(.poolExists, "The pool exists already. Nothing needs to be done.") }
        guard NameRule.accepts(foundation.name, longest: 63), NameRule.accepts(foundation.credential.name, longest: 64) else {
            throw Refused(.invalidValue, "The pool's or the operator's name has characters that names cannot have. Use [A-Za-z0-9._-].")
        }
        guard foundation.credential.role == .administrator else {
            throw Refused(.invalidValue, "The first operator could not administer the pool. Make the credential an administrator's.")
        }
        pool = PoolSummary(pool: foundation.pool, name: foundation.name, authority: foundation.authority)
        let server = add(foundation.founder)
        store(foundation.credential, as: CredentialID(appliedIndex.number))
        note(entry, .pool, foundation.name, .poolCreated, "Pool \(foundation.name) was created on server \(foundation.founder.name).")
        return .server(server)
    }

    mutating func raiseFormat(_ version: Int, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard version > formatVersion else {
            throw Refused(.formatNotRaised, "The pool's format is \(formatVersion) already. Nothing needs to be done.")
        }
        let unready = activeServers.filter { $0.formatVersion < version }
        guard unready.isEmpty else {
            let names = unready.map(\.name.text).joined(separator: ", ")
            throw Refused(.formatNotRaised, "Format \(version) is not known to \(names). Install the newest agent there first.")
        }
        formatVersion = version
        note(entry, .pool, pool?.name ?? "", .formatRaised, "The pool's format is \(version) now.")
        return .none
    }

    mutating func changeSettings(_ change: PoolSettingsChange, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        try check(change)
        let former = settings
        settings.overcommitRatio = change.overcommitRatio ?? former.overcommitRatio
        settings.voterLimit = change.voterLimit ?? former.voterLimit
        settings.voterReplacement = change.voterReplacement ?? former.voterReplacement
        guard settings != former else { return .none }
        settings.changedAt = appliedIndex
        noteSettings(changedFrom: former, entry)
        return .none
    }

    private func check(_ change: PoolSettingsChange) throws(Refused) {
        if let ratio = change.overcommitRatio, !PoolLimits.overcommitRatio.contains(ratio) {
            throw Refused(.invalidValue, "An overcommit ratio of \(ratio) is out of range. Give 1 to 64.")
        }
        if let limit = change.voterLimit, !PoolLimits.voterLimits.contains(limit) {
            throw Refused(.invalidValue, "A limit of \(limit) voters is not possible. Give 1, 3, 5 or 7.")
        }
        if let time = change.voterReplacement {
            let seconds = time.components.seconds
            guard time == .seconds(seconds), PoolLimits.voterReplacementSeconds.contains(Int(seconds)) else {
                throw Refused(.invalidValue, "A lost voter cannot be replaced after \(time). Give whole seconds, 10 to 2592000 (30 days).")
            }
        }
    }

    private mutating func noteSettings(changedFrom former: PoolSettings, _ entry: PoolEntry) {
        var texts: [String] = []
        if settings.overcommitRatio != former.overcommitRatio {
            texts.append("The overcommit ratio of CPUs is \(settings.overcommitRatio) now; it was \(former.overcommitRatio).")
        }
        if settings.voterLimit != former.voterLimit {
            texts.append("At most \(settings.voterLimit) servers vote now; the limit was \(former.voterLimit).")
        }
        if settings.voterReplacement != former.voterReplacement {
            let (now, before) = (settings.voterReplacement.components.seconds, former.voterReplacement.components.seconds)
            texts.append("A lost voter is replaced after \(now) s now; it was after \(before) s.")
        }
        for text in texts { note(entry, .pool, pool?.name ?? "", .settingChanged, text) }
    }

    // MARK: Operators

    mutating func createCredential(_ credential: OperatorCredential, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard NameRule.accepts(credential.name, longest: 64) else {
            throw Refused(.invalidValue, "The operator's name has characters that names cannot have. Use 1 to 64 of [A-Za-z0-9._-].")
        }
        guard credentialsBySecret[credential.secret] == nil else {
            throw Refused(.invalidValue, "This secret is in use already. Make a new one.")
        }
        guard credentials.values.filter({ !$0.isRevoked }).count < PoolLimits.credentials else {
            throw Refused(.tooManyRequests, "The pool has \(PoolLimits.credentials) credentials. Revoke some first.")
        }
        let id = CredentialID(appliedIndex.number)
        store(credential, as: id)
        note(entry, .credential, credential.name, .credentialCreated, "Operator \(credential.name) got a credential.")
        return .credential(id)
    }

    mutating func store(_ credential: OperatorCredential, as id: CredentialID) {
        credentials[id] = StoredCredential(id: id, credential: credential)
        credentialsBySecret[credential.secret] = id
    }

    mutating func revokeCredential(_ id: CredentialID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard let stored = credentials[id], !stored.isRevoked else {
            throw Refused(.credentialNotFound, "There is no credential \(id). List the credentials to see their numbers.")
        }
        let administrators = credentials.values.filter { !$0.isRevoked && $0.credential.role == .administrator }
        if stored.credential.role == .administrator, administrators.count == 1 {
            throw Refused(.lastAdministrator, "This is the last administrator's credential. Make another one first.")
        }
        credentials[id] = nil
        credentialsBySecret[stored.credential.secret] = nil
        note(
            entry, .credential, stored.credential.name, .credentialRevoked,
            "A credential of operator \(stored.credential.name) was revoked."
        )
        return .none
    }
}
