package adminapi

// A Problem is an error that a peer gets (RFC 9457). It has no secret, no token and no
// document.
type Problem struct {
	// Type is a stable name, such as urn:tokengraft:conflict.
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail says what happened, and what to do.
	Detail string `json:"detail"`
	// Faults are those of a draft that is refused.
	Faults []Finding `json:"faults,omitempty"`
	// Diff is what to change by hand if the file is read-only.
	Diff string `json:"diff,omitempty"`
}

// Error implements [error].
func (p *Problem) Error() string { return p.Detail }

// The types of problems.
const (
	// ForbiddenType: the peer has not sent the admin token.
	ForbiddenType = "urn:tokengraft:forbidden"
	// InvalidType: something in the request is missing or wrong.
	InvalidType = "urn:tokengraft:invalid-request"
	// FaultsType: the draft has faults.
	FaultsType = "urn:tokengraft:configuration-faults"
	// ConflictType: the file has changed since the draft was made.
	ConflictType = "urn:tokengraft:conflict"
	// UnchangedType: the draft is the file as it is, so nothing was deployed.
	UnchangedType = "urn:tokengraft:unchanged"
	// ReadOnlyType: the sidecar cannot write the file or the directory.
	ReadOnlyType = "urn:tokengraft:read-only"
	// UnavailableType: a server that is needed does not answer, or too much is asked at once.
	UnavailableType = "urn:tokengraft:unavailable"
)
