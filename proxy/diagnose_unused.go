package proxy

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// When it is said that rules have matched no request.
const (
	unusedAfter  = 10 * time.Minute
	unusedOthers = 20 // requests that no rule matched
	unusedShapes = 64 // that are told apart
	unusedListed = 5  // shapes that are logged, of each kind
)

// unusedRules finds the rules that match no request while others come, as one with a wrong
// path does. It says so once for each set of rules.
type unusedRules struct {
	logger  *slog.Logger
	settled atomic.Pointer[Rules] // the rules about which nothing more will be said

	mu      sync.Mutex
	rules   *Rules
	left    map[*Rule]bool // that have matched nothing
	issuing int            // rules with Tokens that have matched
	since   time.Time
	others  int
	shapes  map[answeredShape]int
}

// An answeredShape is the shape of requests, and the first digit of the status of the
// responses.
type answeredShape struct {
	shape string
	class int
}

func (s answeredShape) String() string { return fmt.Sprintf("%s %dxx", s.shape, s.class) }

// note notes a request and the status of its response.
func (u *unusedRules) note(x *exchange, status int) {
	rules := x.snapshot.Rules
	if rules == nil || u.settled.Load() == rules {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.rules != rules {
		u.begin(rules)
	}
	if x.rule != nil {
		u.matched(x.rule)
	} else {
		u.other(x, status)
	}
	switch {
	case len(u.left) == 0:
		u.settled.Store(rules)
	case time.Since(u.since) >= unusedAfter && u.others >= unusedOthers:
		u.settled.Store(rules)
		u.report()
	}
}

// begin begins to watch rules. Those that delete users or change addresses seldom match.
func (u *unusedRules) begin(rules *Rules) {
	u.rules, u.since, u.others, u.issuing, u.shapes = rules, time.Now(), 0, 0, map[answeredShape]int{}
	u.left = map[*Rule]bool{}
	for _, rule := range rules.all() {
		if !rule.Elsewhere && (len(rule.Tokens) > 0 || rule.Group == "" && len(rule.Restore) > 0) {
			u.left[rule] = true
		}
	}
}

// matched removes a rule that matched, and all of its group.
func (u *unusedRules) matched(rule *Rule) {
	if len(rule.Tokens) > 0 {
		u.issuing++
		maps.DeleteFunc(u.left, func(other *Rule, _ bool) bool { return rule.Group != "" && other.Group == rule.Group })
	}
	delete(u.left, rule)
}

// other counts a request that no rule matches.
func (u *unusedRules) other(x *exchange, status int) {
	u.others++
	shape := answeredShape{x.shape(), status / 100}
	if _, known := u.shapes[shape]; known || len(u.shapes) < unusedShapes {
		u.shapes[shape]++
	}
}

// report logs the rules that have matched nothing. It is a warning if no token can have
// been enriched.
func (u *unusedRules) report() {
	level, message := slog.LevelInfo, "some rules have matched no request yet"
	if u.issuing == 0 {
		level, message = slog.LevelWarn, "no rule with tokens has matched a request yet"
	}
	u.logger.Log(context.Background(), level, message, "rules", u.names(), "minutes", int(time.Since(u.since).Minutes()),
		"requests_without_rule", u.others, "most_frequent", u.frequent(),
		"advice", "Compare match with these paths: it is the whole path, with every prefix. Remove a rule that is not needed.")
}

// names returns the patterns of the rules, and one name for those of a group.
func (u *unusedRules) names() []string {
	var names []string
	for rule := range u.left {
		name := rule.Pattern
		if rule.Group != "" {
			name = "all of " + rule.Group
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// frequent returns the most frequent requests that no rule matched. Logins are seldom GET,
// and there are more requests with GET, so each kind has its own places.
func (u *unusedRules) frequent() []string {
	shapes := slices.SortedFunc(maps.Keys(u.shapes), func(a, b answeredShape) int {
		return cmp.Or(cmp.Compare(u.shapes[b], u.shapes[a]), strings.Compare(a.String(), b.String()))
	})
	var reads, writes []string
	for _, shape := range shapes {
		to := &writes
		if strings.HasPrefix(shape.shape, http.MethodGet+" ") || strings.HasPrefix(shape.shape, http.MethodHead+" ") || strings.HasPrefix(shape.shape, http.MethodOptions+" ") {
			to = &reads
		}
		if len(*to) < unusedListed {
			*to = append(*to, fmt.Sprintf("%s: %d", shape, u.shapes[shape]))
		}
	}
	return append(writes, reads...)
}
