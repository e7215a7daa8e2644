package functions

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// replies is a host whose database always sends the same reply.
type replies string

func (r replies) command(context.Context, string, string, []byte, int64) ([]byte, error) {
	return []byte(r), nil
}

func (r replies) step(context.Context, string, step, int64) ([]byte, error) { return []byte(r), nil }

func (replies) fetch(context.Context, string, httpRequest, []byte) (*httpResponse, []byte, error) {
	return nil, nil, errHost
}

// In a process of its own, a match ends with the process. Here it must end too.
func init() { regexp2.DefaultMatchTimeout = 2 * time.Second }

// FuzzProgram checks that no source makes the engine panic. It runs the engine in this
// process, because a process for each source would be slow.
func FuzzProgram_SurvivesAnySource(f *testing.F) {
	for _, source := range []string{
		`exports = (a) => a`, `exports = async () => { await null; throw {} }`, `exports = () => { throw null }`, `exports = () => Symbol()`,
		`exports = () => new Proxy({}, {ownKeys() { return ["a"] }, get() { throw 1 }})`, `module = null`, `exports = class {}`,
		`exports = () => { const a = {}; a.a = a; return a }`, `exports = () => [,,1n, NaN, -0, /a/gy, new Date(NaN)]`,
		`Object.prototype.then = 1; exports = async () => ({})`, `BSON.Long.prototype.toString = null; exports = () => BSON.Long(1)`,
		`exports = () => Object.create(BSON.Long.prototype)`, `exports = () => Object.create(BSON.Binary.prototype)`,
		`exports = () => ({ get stack() { return 1 }, __proto__: Error.prototype })`, `context.http.get(1); exports = () => context`,
		`exports = () => { throw Object.create(null) }`, `JSON.parse = 1; exports = () => EJSON.parse('{"$symbol":"a"}').toJSON()`,
		`exports = () => new Date(8.64e15 + 1)`, `exports = () => { setTimeout(() => { throw 1 }, 0) }`, `exports = () => console.log({}, Symbol(), null)`,
		`exports = () => context.services.get("mongodb-atlas").db().collection().find({}, null).next()`,
		`exports = () => context.services.get("mongodb-atlas").startSession().withTransaction(() => 1)`,
		`exports = () => utils.jwt.decode(utils.jwt.encode("HS256", context, "s"), "s")`, `exports = () => utils.crypto.hash("md5", {})`,
		`exports = () => [1e300, -0, NaN, 1n].map((n) => n.toLocaleString({}, {maximumFractionDigits: 100})) + new Date(8.64e15).toLocaleString()`,
	} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		Inspection{Functions: map[string]string{"f": source}}.look()
		p, err := newProgram(setup{Sources: map[string]string{"f": source}, HasDatabase: true, Memory: 64 << 20}, replies(`{"ok":1}`), slog.New(slog.DiscardHandler))
		if err != nil {
			return
		}
		p.App = json.RawMessage("{}")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		result, err := p.run(ctx, Call{Function: "f", Args: []json.RawMessage{[]byte(`{"$oid":"5f1f216e82df4a7979f9da93"}`)}})
		if errors.Is(err, ErrInternal) {
			t.Errorf("source %q: the engine panicked", source)
		}
		if err == nil && !json.Valid(result) {
			t.Errorf("source %q: got %s, want JSON", source, result)
		}
	})
}
