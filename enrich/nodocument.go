package enrich

import (
	"fmt"
	"strings"

	"github.com/tokengraft/tokengraft/internal/redact"
)

// A NoDocumentError is an [ErrNoDocument] with what was looked for. It has no part of the
// user's id.
type NoDocumentError struct {
	// Claim is the path of the claim that identifies the user.
	Claim string
	// Type is what the claim is: for example a string, a number, or missing.
	Type string
	// Usable means that a claim of this type can identify a user.
	Usable bool
	// Claims are the names of the claims that the token has, if it does not have Claim.
	// Those that do not look like names are hidden.
	Claims string
	// Documents says where the id was looked for: Options.Documents.
	Documents string
}

// Error implements error.
func (e *NoDocumentError) Error() string {
	switch {
	case e.Type == missingClaim:
		return fmt.Sprintf("%v: the token has no claim %s, which is set as the user's id. It has the claims %s", ErrNoDocument, e.Claim, e.Claims)
	case !e.Usable:
		return fmt.Sprintf("%v: the claim %s is %s, but a user id is a string or a whole number", ErrNoDocument, e.Claim, e.Type)
	case e.Documents == "":
		return fmt.Sprintf("%v: the claim %s is %s, and no document has it as its user id", ErrNoDocument, e.Claim, e.Type)
	}
	return fmt.Sprintf("%v: the claim %s is %s, and no document has it in %s", ErrNoDocument, e.Claim, e.Type, e.Documents)
}

// Advice says what to do.
func (e *NoDocumentError) Advice() string {
	if !e.Usable {
		return "Set documents.user_id_claim to the claim that has the user's id."
	}
	return "Nothing, if the user has no document. Otherwise check documents.user_id_claim, user_id_field and user_id_type. `tokengraft try` with a token of the user says whether a document has nearly the same id."
}

// Unwrap returns [ErrNoDocument], for [errors.Is].
func (e *NoDocumentError) Unwrap() error { return ErrNoDocument }

const missingClaim = "missing"

// noDocument returns why the user of a token has no document.
func (e *Enricher) noDocument(t *Token) error {
	claim := t.payload.Lookup(e.userID)
	err := &NoDocumentError{Claim: e.o.UserID, Type: typeOf(claim), Usable: idOf(claim).ID != "", Documents: e.o.Documents}
	switch {
	case claim == nil:
		var names []string
		for name := range t.Claims() {
			names = append(names, name)
		}
		err.Claims = redact.Names(names)
	case err.Usable && e.o.UserIssuer && e.userOf(t.payload) == User{}:
		return fmt.Errorf("%w: the token has no iss, but the documents are of users of an issuer", ErrNoDocument)
	}
	return err
}

// typeOf describes the type of a claim, and the form of a string. It says nothing about the
// value itself.
func typeOf(claim []byte) string {
	if len(claim) == 0 {
		return missingClaim
	}
	switch claim[0] {
	case '"':
		return formOf(idOf(claim).ID)
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	if isInteger(claim) {
		return "a number"
	}
	return "a number that is not written as a whole number"
}

// formOf describes a string.
func formOf(text string) string {
	const objectID, uuid = 24, 36
	isHex := strings.Trim(text, "0123456789abcdefABCDEF-") == ""
	switch {
	case text == "":
		return "an empty string"
	case isInteger([]byte(text)):
		return "a string of decimal digits"
	case isHex && len(text) == objectID:
		return "a string of 24 hexadecimal digits"
	case isHex && len(text) == uuid && strings.Count(text, "-") == 4:
		return "a string in the form of a UUID"
	case strings.Contains(text, "@"):
		return "a string with an @"
	}
	return "a string"
}

// whyOpaque says what a token is that is not a JWS.
func whyOpaque(raw string) error {
	dots := strings.Count(raw, ".")
	switch {
	case isJWE(raw):
		return fmt.Errorf("%w: it has 5 parts, as an encrypted JWT", ErrOpaque)
	case dots != 2:
		return fmt.Errorf("%w: it has %d dots, and a JWS has 2", ErrOpaque, dots)
	}
	return fmt.Errorf("%w: its first part is not a JSON object in base64url", ErrOpaque)
}
