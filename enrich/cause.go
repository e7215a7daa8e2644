package enrich

// A Cause is why a backend issued the tokens of a grant. The zero Cause is
// [CauseLogin].
type Cause int

// The causes.
const (
	// CauseLogin means credentials, a code or a session. Documents may be as old as
	// the tokens live, and all hooks run.
	CauseLogin Cause = iota
	// CauseRefresh means a refresh token. Documents are read after the backend
	// answered, and the hooks of logins do not run.
	CauseRefresh
	// CauseUnknown means that the request does not say clearly which of the two it
	// is. It counts as both: documents are read after the backend answered, and all
	// hooks run.
	CauseUnknown
)

// String returns login, refresh or unknown, for logs.
func (c Cause) String() string {
	switch c {
	case CauseLogin:
		return "login"
	case CauseRefresh:
		return "refresh"
	}
	return "unknown"
}

// needsFreshRead reports whether documents are read after the backend answered (law F1).
func (c Cause) needsFreshRead() bool { return c != CauseLogin }

// signsIn reports whether the hooks of logins run.
func (c Cause) signsIn() bool { return c != CauseRefresh }
