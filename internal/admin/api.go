package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// The largest bodies of requests to the API, in bytes.
const (
	maxBody  = 64 << 10
	maxDraft = 1 << 20
)

// An api is the API of the console. Its answers are the types of package adminapi.
type api struct{ Options }

func newAPI(o Options) http.Handler {
	a := &api{o}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/openapi.json", describe)
	if m := o.Monitor; m != nil {
		mux.HandleFunc("GET /api/overview", reads(m.Overview))
		mux.HandleFunc("GET /api/rules", reads(m.Rules))
		mux.HandleFunc("GET /api/freshness", reads(m.Freshness))
	}
	if k := o.Keys; k != nil {
		mux.HandleFunc("GET /api/keys", get(k.Keys))
		mux.HandleFunc("POST /api/keys/rotate", post(maxBody, k.RotateKeys))
		mux.HandleFunc("POST /api/keys/prune", post(maxBody, k.PruneKeys))
	}
	if u := o.Users; u != nil {
		mux.HandleFunc("GET /api/users/{user_id}", a.explainUser)
		mux.HandleFunc("POST /api/users/{user_id}/forget", a.forgetUser)
		mux.HandleFunc("POST /api/tokens/inspect", post(maxBody, u.InspectToken))
	}
	if c := o.Configuration; c != nil {
		mux.HandleFunc("GET /api/config", get(c.Config))
		mux.HandleFunc("POST /api/config/check", post(maxDraft, withoutPeer(c.CheckDraft)))
		mux.HandleFunc("POST /api/config/review", post(maxDraft, withoutPeer(c.ReviewDraft)))
		mux.HandleFunc("POST /api/config/sample", post(maxDraft, c.SampleDraft))
		mux.HandleFunc("POST /api/config/deploy", post(maxDraft, c.Deploy))
		mux.HandleFunc("POST /api/config/rollback", post(maxBody, c.RollBack))
	}
	return withProblems(mux)
}

// describe answers with the description of the listener.
func describe(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(adminapi.OpenAPI())
}

// reads answers a GET that cannot fail.
func reads[T any](read func(context.Context) T) http.HandlerFunc {
	return get(func(ctx context.Context) (T, error) { return read(ctx), nil })
}

func get[T any](read func(context.Context) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value, err := read(r.Context())
		answer(w, value, err)
	}
}

// post answers a POST whose body is JSON of at most limit bytes. Unknown members are
// refused, because a misspelled dry_run would change something. No body means no member.
func post[In, Out any](limit int64, do func(context.Context, adminapi.Peer, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := readJSON(http.MaxBytesReader(w, r.Body, limit), &in); err != nil {
			writeProblem(w, err)
			return
		}
		out, err := do(r.Context(), adminapi.PeerOf(r.Context()), in)
		answer(w, out, err)
	}
}

func readJSON(body io.Reader, value any) error {
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(value)
	if err == nil && decoder.More() {
		err = errors.New("there is more after the JSON object")
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &adminapi.Problem{Type: adminapi.InvalidType, Title: "The body is too large", Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("The body may have at most %d bytes.", tooLarge.Limit)}
	}
	if err != nil && err != io.EOF {
		return invalid("the body is not the JSON that is expected: " + err.Error())
	}
	return nil
}

func withoutPeer[In, Out any](do func(context.Context, In) (Out, error)) func(context.Context, adminapi.Peer, In) (Out, error) {
	return func(ctx context.Context, _ adminapi.Peer, in In) (Out, error) { return do(ctx, in) }
}

func (a *api) explainUser(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	values, err := strconv.ParseBool(query.Get("values"))
	if query.Has("values") && err != nil {
		writeProblem(w, invalid("values must be true or false"))
		return
	}
	explained, err := a.Users.ExplainUser(r.Context(), adminapi.PeerOf(r.Context()), adminapi.UserQuery{UserID: r.PathValue("user_id"), Issuer: query.Get("issuer"), Values: values})
	answer(w, explained, err)
}

func (a *api) forgetUser(w http.ResponseWriter, r *http.Request) {
	query := adminapi.UserQuery{UserID: r.PathValue("user_id"), Issuer: r.URL.Query().Get("issuer")}
	forgotten, err := a.Users.ForgetUser(r.Context(), adminapi.PeerOf(r.Context()), query)
	answer(w, forgotten, err)
}
