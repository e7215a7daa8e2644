package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

// maxKeyAge is how long clients may keep a published set: a new key signs only after it.
const maxKeyAge = 5 * time.Minute

// A keySet is a JWK Set that was fetched.
type keySet struct {
	path string
	ids  []string // sorted
	age  time.Duration
}

// fetchKeys fetches a JWK Set.
func fetchKeys(ctx context.Context, client *http.Client, address string) (set keySet, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return set, errors.New("the address of the keys is not valid")
	}
	answer, err := exchangeWith(client, request)
	if err != nil || answer.status != http.StatusOK {
		return set, errors.New(statusOr(answer, err))
	}
	var parsed struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(answer.body, &parsed); err != nil || parsed.Keys == nil {
		return set, errors.New("it answers 200, but not with a JWK Set")
	}
	for _, key := range parsed.Keys {
		if id, ok := keyID(key); ok {
			set.ids = append(set.ids, id)
		}
	}
	slices.Sort(set.ids)
	set.age = maxAge(answer.header.Get("Cache-Control"))
	return set, nil
}

// keyID returns the kid of an entry of a set, which can be a number, too. It returns false
// for what the sidecar does not publish: a secret, or an entry that is not an object.
func keyID(entry []byte) (id string, ok bool) {
	var key struct {
		ID   any `json:"kid"`
		Type any `json:"kty"`
	}
	_ = json.Unmarshal(entry, &key) // an entry without a type is not a key
	switch {
	case key.Type == nil, key.Type == "oct":
		return "", false
	case key.ID == nil, key.ID == "":
		return fmt.Sprint("(no kid) ", key.Type), true
	}
	return fmt.Sprint(key.ID), true
}

// maxAge returns max-age of Cache-Control, and -1 without it.
func maxAge(control string) time.Duration {
	for directive := range strings.SplitSeq(control, ",") {
		if value, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(directive)), "max-age="); ok {
			if seconds, err := strconv.Atoi(value); err == nil {
				return time.Duration(seconds) * time.Second
			}
		}
	}
	return -1
}

// keysURL returns where clients of the sidecar find the keys, and "" if the keys are in a
// file, elsewhere, or a secret.
func (d *doctor) keysURL() string {
	paths := sidecar.JWKSPaths(d.Config, d.known.discovery)
	if at := d.known.discovery.JWKS; at != "" {
		paths = append([]string{at}, paths...)
	}
	paths = append(paths, sidecar.BackendJWKSPaths(d.Config, d.known.discovery)...)
	if len(paths) == 0 {
		return ""
	}
	return d.at(paths[0])
}

// at returns the address of a path at the sidecar.
func (d *doctor) at(path string) string {
	address, err := addressOf(d.client.base, path)
	if err != nil {
		return ""
	}
	return address.String()
}

// checkJWKS compares the published sets with each other and with the backend's.
func (d *doctor) checkJWKS(ctx context.Context) {
	paths := sidecar.JWKSPaths(d.Config, d.known.discovery)
	if len(paths) == 0 {
		const why = "the sidecar has no own keys to publish"
		d.skip("jwks", "", why)
		d.skip("jwks_backend", "", why)
		return
	}
	var sets []keySet
	for _, path := range paths {
		set, err := fetchKeys(ctx, d.client.toSidecar(), d.at(path))
		if err != nil {
			d.fail("jwks", "Clients cannot verify tokens without it. Check sign.jwks_path, and whether something between doctor and the sidecar keeps the path.", "%s: %v", path, err)
			d.skip("jwks_backend", "", "the published keys could not be fetched")
			return
		}
		set.path = path
		sets = append(sets, set)
	}
	d.judgeSets(sets)
	d.compareBackend(ctx, sets[0])
}

func (d *doctor) judgeSets(sets []keySet) {
	var names []string
	for _, set := range sets {
		names = append(names, set.path)
		switch {
		case !slices.Equal(set.ids, sets[0].ids):
			d.fail("jwks", "Clients that use one of them refuse tokens that those of the other accept. Is this path answered by the sidecar?", "%s has the keys %s, but %s has %s", sets[0].path, few(sets[0].ids), set.path, few(set.ids))
			return
		case set.age < 0 || set.age > maxKeyAge:
			d.fail("jwks", "A proxy between doctor and the sidecar changes Cache-Control. Clients that keep the set longer do not know a new key in time.", "clients may keep %s for %s, want at most %s", set.path, ageText(set.age), maxKeyAge)
			return
		}
	}
	d.ok("jwks", "keys %s at %s, max-age %s", few(sets[0].ids), strings.Join(names, " and "), sets[0].age)
}

func ageText(age time.Duration) string {
	if age < 0 {
		return "an unknown time"
	}
	return age.String()
}

// compareBackend checks that the published set has all keys of the backend.
func (d *doctor) compareBackend(ctx context.Context, published keySet) {
	address := d.Config.Verify.JWKS.URL
	if at := d.known.discovery.JWKS; address == "" && at != "" {
		address = d.Config.Backend.String() + at
	}
	if address == "" {
		d.skip("jwks_backend", "", "the backend publishes no keys")
		return
	}
	client := d.backend
	if u, err := url.Parse(address); err != nil || u.Host != d.Config.Backend.Host {
		client = &http.Client{Timeout: requestTimeout}
	}
	set, err := fetchKeys(ctx, client, address)
	if err != nil {
		d.fail("jwks_backend", "The sidecar cannot learn new keys of the backend. Check verify.jwks.", "the backend's keys: %v", err)
		return
	}
	var missing []string
	for _, id := range set.ids {
		if !slices.Contains(published.ids, id) {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		d.fail("jwks_backend", "Clients refuse original tokens with these keys. The sidecar fetches them at most every 30 seconds: try again, and see its log.", "the published set does not have %s", few(missing))
		return
	}
	d.ok("jwks_backend", "%s in the published set", few(set.ids))
}

// checkSignature verifies each token as an API behind the sidecar does.
func (d *doctor) checkSignature(ctx context.Context) {
	if len(d.tokens) == 0 {
		d.skip("signature", "", "there is no token")
		return
	}
	ring, err := sidecar.OpenVerifier(d.Config, d.keysURL(), d.client.toSidecar())
	if err != nil {
		d.fail("signature", "Check verify.", "%v", err)
		return
	}
	for _, token := range d.tokens {
		if _, err := ring.Verify(ctx, token.parsed); err != nil {
			d.fail("signature", d.signatureHint(err), "the token at %s with kid %q does not verify: %v", token.place.Location, token.parsed.KeyID, err)
			return
		}
	}
	first := d.tokens[0].parsed
	d.ok("signature", "verifies with %s, kid %q", d.keysText(first.Algorithm), first.KeyID)
}

func (d *doctor) signatureHint(err error) string {
	switch {
	case errors.Is(err, enrich.ErrNotOurs):
		return "APIs refuse this token. They must fetch the keys at " + cmp.Or(d.keysURL(), "the backend") + ", and accept the same issuer and audience as verify."
	case errors.Is(err, enrich.ErrBadToken):
		return "APIs refuse this token. Is verify.secret the one of the running sidecar, and do the clocks agree?"
	}
	return "APIs cannot fetch the keys. Check sign.jwks_path."
}

func (d *doctor) keysText(algorithm string) string {
	switch {
	case strings.HasPrefix(algorithm, "HS"):
		return "verify.secret"
	case d.keysURL() != "":
		return "the published keys"
	}
	return "the keys of verify"
}

// few joins the ids of keys, at most eight.
func few(ids []string) string {
	const most = 8
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:most], ", "), len(ids)-most)
}
