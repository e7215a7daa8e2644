package openapi

import (
	"fmt"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// A failure is a status of errors, with its problem types.
type failure struct {
	status      int
	name        string // of the response, in the document
	types       []string
	description string
}

// failures are the errors of endpoints below /api. The others answer some of them with
// [Status].
var failures = []failure{
	{400, "Invalid", []string{adminapi.InvalidType}, "Something in the request is missing or wrong."},
	{403, "Forbidden", []string{adminapi.ForbiddenType, adminapi.ReadOnlyType}, "The request does not have the admin token, or `console` is `read-only`."},
	{404, "NotFound", []string{adminapi.InvalidType}, "`console` is `off`, or this sidecar does not have that part."},
	{409, "Conflict", []string{adminapi.ConflictType, adminapi.UnchangedType, adminapi.ReadOnlyType}, "The file has changed since the draft was made, the draft changes nothing, or the sidecar cannot write the file or the keys."},
	{413, "TooLarge", []string{adminapi.InvalidType}, "The body is larger than 64 KiB, or 1 MiB with a draft."},
	{422, "Faults", []string{adminapi.FaultsType}, "The draft has faults. Nothing was changed."},
	{503, "Unavailable", []string{adminapi.UnavailableType}, "A server that is needed does not answer, or too many requests run at once."},
}

// responseName returns the name of the response of an endpoint with a status.
func responseName(e Endpoint, status int) string {
	for _, f := range failures {
		if f.status == status && e.IsAPI() {
			return f.name
		}
		if f.status == status {
			return f.name + "Status"
		}
	}
	panic(fmt.Sprintf("the status %d of %s is not in the table of failures", status, e.Path))
}

// responses are the responses of errors.
func responses() object {
	all := object{}
	problem, status := object{"$ref": "#/components/schemas/Problem"}, object{"$ref": "#/components/schemas/Status"}
	for _, f := range failures {
		response := object{
			"description": fmt.Sprintf("%s Type: %s.", f.description, quoted(f.types)),
			"content":     content("application/problem+json", problem),
		}
		if f.status == 503 {
			response["headers"] = object{"Retry-After": object{"description": "In seconds.", "schema": object{"type": "integer"}}}
		}
		all[f.name] = response
		if f.status == 400 || f.status == 403 || f.status == 503 {
			all[f.name+"Status"] = object{"description": f.description, "content": content("application/json", status)}
		}
	}
	return all
}
