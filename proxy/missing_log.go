package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/redact"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A miss is a response without a token where its rule says that there is one.
type miss struct {
	response  locate.Response
	status    int
	unread    bool                // the body was not looked at
	elsewhere []locate.Occurrence // what has the shape of a token at other places
}

// missQuiet is how long the log does not repeat that a rule finds nothing anywhere: logins
// that fail or that need a second factor can be responses 200 without a token.
const missQuiet = 10 * time.Minute

// logMissing says what is in a response instead of a token. If there is one at another
// place, it warns, at most once in ten seconds for each rule. If there is none anywhere, it
// warns once, and only if the rule has never found a token. After that it informs, at most
// once in ten minutes.
func (x *exchange) logMissing(m miss) {
	state, level := x.rule.missing, slog.LevelWarn
	if len(m.elsewhere) == 0 {
		now := time.Now()
		until := state.quiet.Load()
		if now.Unix() < until || !state.quiet.CompareAndSwap(until, now.Add(missQuiet).Unix()) {
			return
		}
		if state.found.Load() || !state.warned.CompareAndSwap(false, true) {
			level = slog.LevelInfo
		}
	} else if x.proxy.warnings.Count(x.pattern()+"\x00not_found") == 0 {
		return
	}
	n := state.count.Swap(0)
	message := fmt.Sprintf("rule %s matched %s, no token at %s; %s", x.pattern(), answers(n), locationsOf(x.rule.Tokens), x.whatIsThere(m))
	if x.snapshot.Shadow {
		message = "shadow: " + message
	}
	attrs := []any{"rule", x.pattern(), "reason", "not_found", "count", n, "status", m.status, "content_type", contentType(m.response.Header.Get("Content-Type"))}
	if members, ok := m.response.Members(); ok {
		attrs = append(attrs, "members", redact.Names(members))
	}
	x.proxy.options.Logger.Log(context.Background(), level, message, append(attrs, "advice", adviceFor(x.rule.Tokens, m.elsewhere, state.found.Load()))...)
}

func answers(n int64) string {
	if n == 1 {
		return "1 answer"
	}
	return fmt.Sprintf("%d answers", n)
}

// maxNamed limits how many places a line of the log names.
const maxNamed = 4

func locationsOf(locs []locate.Location) string {
	var texts []string
	for i, loc := range locs {
		if i == maxNamed {
			texts = append(texts, "…")
			break
		}
		texts = append(texts, loc.String())
	}
	return strings.Join(texts, " or ")
}

// whatIsThere says where the response has a token instead.
func (x *exchange) whatIsThere(m miss) string {
	places := placesOf(m.elsewhere)
	switch len(places) {
	case 0:
		return x.whyNone(m)
	case 1:
		return "there is a JWT at " + places[0]
	}
	if len(places) > maxNamed {
		places = append(places[:maxNamed], "other places")
	}
	last := len(places) - 1
	return "there are JWTs at " + strings.Join(places[:last], ", ") + " and " + places[last]
}

// whyNone says what a response is that has no token at a place that a rule can name.
func (x *exchange) whyNone(m miss) string {
	if m.response.HasToken(func(token string) bool { return x.echo.has(token) }) {
		return "there is something in the shape of a JWT in it, but at no place that a location can name"
	}
	what := "is not JSON"
	switch isJSON, _ := locate.StartsJSON(m.response.Body); {
	case m.unread:
		return "the body was not looked at, because of its content type"
	case isJSON:
		what = "is JSON"
	case len(m.response.Body) == 0:
		what = "was empty or too long to look at"
	}
	return "the body " + what + ", and there is no JWT anywhere in the answer"
}

// placesOf returns the locations of tokens, each once. It hides the parts that could be data
// of a user, such as ids as the names of members.
func placesOf(tokens []locate.Occurrence) (places []string) {
	for _, token := range tokens {
		if place := placeOf(token.Location); !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return places
}

func placeOf(loc locate.Location) string {
	elements := loc.Elements()
	for _, element := range elements {
		if name := redact.Name(element); name == redact.Hidden {
			kind, _, _ := strings.Cut(loc.String(), ":")
			return kind + ":" + hiddenPath(elements)
		}
	}
	return loc.String()
}

// hiddenPath returns a path without the elements that could be data of a user.
func hiddenPath(elements []string) string {
	shown := make([]string, len(elements))
	for i, element := range elements {
		shown[i] = redact.Name(element)
	}
	return strings.Join(shown, ".")
}

// adviceFor says what to write into the configuration. works says that the locations of the
// rule are right for other responses.
func adviceFor(locs []locate.Location, elsewhere []locate.Occurrence, works bool) string {
	places := placesOf(elsewhere)
	if slices.ContainsFunc(places, func(place string) bool { return strings.Contains(place, redact.Hidden) }) {
		return "Name that place in the tokens of the rule."
	}
	if len(places) == 0 {
		return "If this was a successful login, look where the backend sends the token, and name that place in the tokens of the rule. Nothing, if logins that fail or need a second factor are answered like this."
	}
	if works {
		for _, loc := range slices.Backward(locs) {
			places = slices.Insert(places, 0, loc.String())
		}
	}
	for i, place := range places {
		places[i] = yamlItem(place)
	}
	return "If this is the token, write this in the rule: tokens: [" + strings.Join(places[:min(len(places), 2*maxNamed)], ", ") + "]"
}

var plainYAML = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:$*-]*[A-Za-z0-9_*]$`)

// yamlItem returns a text as an item of a list in YAML.
func yamlItem(text string) string {
	if plainYAML.MatchString(text) {
		return text
	}
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

// contentType returns the type of a response for the log, without its parameters.
func contentType(value string) string {
	media, _, _ := strings.Cut(value, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	if media != "" && (len(media) > 64 || !mediaTypes.MatchString(media)) {
		return redact.Hidden
	}
	return media
}

var mediaTypes = regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]+$`)
