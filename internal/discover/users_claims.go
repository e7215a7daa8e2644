package discover

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// maxIDClaims limits how many claims are compared with documents.
const maxIDClaims = 16

// An idClaim is a claim that may be the user's id, with its values in several tokens.
type idClaim struct {
	path  string
	users []enrich.User // each once
}

// idNames are names of claims and of fields that usually have the user's id, the most
// usual first. [normalName] has changed them.
var idNames = []string{
	"sub", "userid", "uid", "id", "useraccountid", "accountid", "user", "uuid", "guid", "oid", "memberid", "customerid", "externalid", "subject", "login",
	"username", "preferredusername", "name", "uniquename", "upn", "email", "mail",
}

// idObjects are claims whose members may be about the user.
var idObjects = []string{"user", "data", "account", "profile", "identity", "payload", "claims", "context", "sub", "u", "usr"}

// notIDs are claims that are about the token or the client (RFC 7519, RFC 9068, OpenID
// Connect Core).
var notIDs = []string{
	"iss", "aud", "exp", "nbf", "iat", "jti", "typ", "azp", "nonce", "athash", "chash", "shash", "sid", "sessionid", "sessionstate", "scope", "scp", "clientid", "authtime",
	"acr", "amr", "tokentype", "tokenuse", "type", "role", "roles", "ver", "version", "tid", "tenant", "tenantid", "orgid", "collectionid",
}

// normalName returns a name in lower case and without what joins words.
func normalName(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
}

// nameRank returns how usual a name is for the user's id; less is more usual. A name that
// is not listed has the last rank.
func nameRank(path string) int {
	last := path[strings.LastIndexByte(path, '.')+1:]
	if i := slices.Index(idNames, normalName(last)); i >= 0 {
		return i
	}
	if strings.HasSuffix(last, "id") || strings.HasSuffix(last, "Id") || strings.HasSuffix(last, "ID") {
		return len(idNames)
	}
	return len(idNames) + 1
}

// idClaims returns the claims that may be the user's id, the most usual first.
func idClaims(tokens []*enrich.Token) []idClaim {
	var found []idClaim
	add := func(path jsonedit.Path, value []byte) {
		user, ok := userOf(value)
		if !ok || len(path[len(path)-1]) > 64 || !isPrintable(path.String()) {
			return
		}
		i := slices.IndexFunc(found, func(c idClaim) bool { return c.path == path.String() })
		if i < 0 {
			i = len(found)
			found = append(found, idClaim{path: path.String()})
		}
		if !slices.Contains(found[i].users, user) {
			found[i].users = append(found[i].users, user)
		}
	}
	for _, t := range tokens {
		for name, value := range t.Claims() {
			eachIDClaim(nil, name, value, add)
		}
	}
	slices.SortStableFunc(found, func(a, b idClaim) int {
		return cmp.Or(cmp.Compare(nameRank(a.path), nameRank(b.path)), cmp.Compare(strings.Count(a.path, "."), strings.Count(b.path, ".")))
	})
	return found[:min(len(found), maxIDClaims)]
}

// maxClaimDepth limits how many names a path to a claim has, as in data.user.id.
const maxClaimDepth = 3

// eachIDClaim calls add for a claim that may be a user's id, and for those in an object. in
// is the path of the object that has the claim.
func eachIDClaim(in jsonedit.Path, name string, value []byte, add func(jsonedit.Path, []byte)) {
	if slices.Contains(notIDs, normalName(name)) {
		return
	}
	path := append(slices.Clone(in), name)
	if object, err := jsonedit.ParseLenient(value); err == nil {
		if len(path) < maxClaimDepth && slices.Contains(idObjects, normalName(name)) {
			for member, value := range object.Members() {
				eachIDClaim(path, member, value, add)
			}
		}
		return
	}
	// A namespaced claim is one such as https://example.com/user_id.
	if namespace := strings.LastIndexAny(name, "/:"); len(in) > 0 || namespace >= 0 {
		if nameRank(name[namespace+1:]) > len(idNames) {
			return
		}
	}
	add(path, value)
}

// userOf returns the user whose id is a JSON value, as [enrich.Enricher] reads it: a
// string, or a whole number.
func userOf(value []byte) (enrich.User, bool) {
	if text, ok := jsonedit.Unquote(value); ok {
		return enrich.User{ID: text}, text != "" && len(text) <= 256
	}
	if _, err := strconv.ParseInt(string(value), 10, 64); err == nil {
		return enrich.User{ID: string(value), Number: true}, true
	}
	return enrich.User{}, false
}

// IDClaims returns the claims that may be the user's id, the most likely first, each as
// documents.user_id_claim names it.
func IDClaims(tokens []string) (paths []string) {
	for _, c := range idClaims(parseTokens(tokens)) {
		if nameRank(c.path) <= len(idNames) {
			paths = append(paths, c.path)
		}
	}
	return paths
}
