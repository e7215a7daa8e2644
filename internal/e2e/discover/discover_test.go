package discover_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// An app is a client of a backend. It keeps what a user does not see, such as cookies.
type app interface {
	login(c *client) (token string)
	// use sends a token in every place in which the app sends it.
	use(c *client, token string) (status int)
	refresh(c *client, token string) (newToken string)
	logout(c *client, token string) (status int)
}

// session is what a user does while discover watches.
func session(a app, c *client) {
	token := a.login(c)
	a.use(c, token)
	token = a.refresh(c, token)
	a.use(c, token)
	a.logout(c, token)
}

// A backendCase is a backend with its users.
type backendCase struct {
	name   string
	start  func(t *testing.T) (url string)
	client func() app
	secret string // as the backend's settings have it; empty if it signs with a private key
	user   string
	doctor []string // arguments of tokengraft doctor
	files  map[string]string

	collections map[string][]string // documents of the database
	collection  string              // the one with the users
	change      string              // of the fields of all users
	file        string              // the user's document in a file instead
	edits       []edit              // besides those of a file
}

// An edit is a change of the printed configuration by hand.
type edit struct{ old, new, why string }

// inFile is the edit for documents that are in a file: discover knows nothing of files.
func inFile(field, claim string) edit {
	return edit{why: "documents in a file: discover reads MongoDB only", new: "documents:\n  file: users.json\n  user_id_claim: " + claim + "\n  user_id_field: " + field + "\n"}
}

var cases = []backendCase{phpCase, expressCase, railsCase}

func TestDiscover_ConfiguresBackendsThatNobodyDescribed(t *testing.T) {
	var table results
	t.Run("backends", func(t *testing.T) {
		for _, tt := range cases {
			t.Run(tt.name+"/proxy and MongoDB", func(t *testing.T) {
				t.Parallel()
				tt.throughProxy(t, &table)
			})
			t.Run(tt.name+"/HAR and a file", func(t *testing.T) {
				t.Parallel()
				tt.fromRecording(t, &table)
			})
		}
	})
	table.print(t)
}

// throughProxy learns from a session through discover, with the users in MongoDB.
func (b *backendCase) throughProxy(t *testing.T, table *results) {
	uri, _ := enrichtest.StartFerretDB(t)
	b.fill(t, uri)
	r := b.newRun(t, "proxy, MongoDB", "MONGODB_URI="+uri)
	recorded := r.record()
	listen := e2e.FreeAddress(t)
	r.phase("discover", func() {
		r.discoverThrough(listen, len(recorded.entries), "--mongodb", uri, "--database", "shop")
	})
	r.edit(b.edits)
	r.wants("collection: " + b.collection)
	r.doctorArgs = []string{"--write"}
	r.exercise(func(*e2e.Sidecar) { b.changeAll(t, uri) })
	table.add(r)
}

// fromRecording learns from the recording of a browser, with the users in a file.
func (b *backendCase) fromRecording(t *testing.T, table *results) {
	r := b.newRun(t, "HAR, file", "MONGODB_URI=unused")
	args := []string{"--backend", r.url, "--har", "login.har"}
	if b.secret != "" {
		r.env = append(r.env, "JWT_SECRET=")
		r.write("jwt.secret", b.secret+"\n")
		args = append(args, "--secret-file", "jwt.secret")
	}
	r.write("login.har", string(r.record().har()))
	r.phase("discover", func() { r.discover(nil, args...) })
	field, claim := idOf[b.name][0], idOf[b.name][1]
	r.edit(append(slices.Clone(b.edits), inFile(field, claim)))
	r.write("users.json", "["+b.file+"]")
	r.exercise(func(s *e2e.Sidecar) { s.Write(t, "users.json", "["+strings.ReplaceAll(b.file, "basic", "gold")+"]") })
	table.add(r)
}

// idOf has the field and the claim of the user's id of each backend.
var idOf = map[string][2]string{"php": {"_id", "data.id"}, "express": {"_id", "sub"}, "rails": {"account_id", "user_id"}}

// fill writes the documents to the database shop.
func (b *backendCase) fill(t *testing.T, uri string) {
	t.Helper()
	database := enrichtest.Connect(t, uri).Database("shop")
	for name, docs := range b.collections {
		for _, text := range docs {
			var doc bson.D
			if err := bson.UnmarshalExtJSON([]byte(text), false, &doc); err != nil {
				t.Fatal(err)
			}
			if _, err := database.Collection(name).InsertOne(t.Context(), doc); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (b *backendCase) changeAll(t *testing.T, uri string) {
	t.Helper()
	var set bson.D
	if err := bson.UnmarshalExtJSON([]byte(b.change), false, &set); err != nil {
		t.Fatal(err)
	}
	users := enrichtest.Connect(t, uri).Database("shop").Collection(b.collection)
	if _, err := users.UpdateMany(t.Context(), bson.D{}, bson.D{{Key: "$set", Value: set}}); err != nil {
		t.Fatal(err)
	}
}

// A run is one backend configured in one way.
type run struct {
	*testing.T
	b      *backendCase
	way    string
	url    string // of the backend
	dir    string
	env    []string
	yaml   string
	edits  []edit
	phases []string // with their times

	doctorArgs []string
}

func (b *backendCase) newRun(t *testing.T, way string, env ...string) *run {
	return &run{T: t, b: b, way: way, url: b.start(t), dir: t.TempDir(), env: append(env, "JWT_SECRET="+b.secret, "NO_COLOR=1")}
}

func (r *run) phase(name string, do func()) {
	r.Helper()
	began := time.Now()
	do()
	r.phases = append(r.phases, fmt.Sprintf("%s %.1fs", name, time.Since(began).Seconds()))
}

// record runs the session with the backend itself.
func (r *run) record() *client {
	c := &client{t: r.T, at: e2e.Address(strings.TrimPrefix(r.url, "http://"))}
	session(r.b.client(), c)
	return c
}

// discoverThrough logs in through discover, which stops after so many answers.
func (r *run) discoverThrough(listen e2e.Address, requests int, args ...string) {
	r.Helper()
	args = append([]string{"--backend", r.url, "--listen", string(listen), "--requests", fmt.Sprint(requests)}, args...)
	r.discover(func() {
		e2e.Eventually(r, "discover listens", func() bool {
			conn, err := listen.Dial()
			if err == nil {
				conn.Close()
			}
			return err == nil
		})
		session(r.b.client(), &client{t: r.T, at: listen})
	}, args...)
}

// discover runs the program, does something meanwhile, and keeps what it prints.
func (r *run) discover(meanwhile func(), args ...string) {
	r.Helper()
	cmd := r.command(append([]string{"discover"}, args...)...)
	var out, progress bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &progress
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	if meanwhile != nil {
		meanwhile()
	}
	if err := cmd.Wait(); err != nil {
		r.Fatalf("tokengraft discover: %v\n%s", err, &progress)
	}
	r.yaml = out.String()
	r.Logf("tokengraft discover prints\n%s\nand on stderr\n%s", r.yaml, &progress)
	for _, secret := range append(e2e.Tokens(r.yaml+progress.String()), "correct horse", "Anna", "basic", r.b.secret, "PHPSESSID=", "opaque-") {
		if secret != "" && strings.Contains(r.yaml+progress.String(), secret) {
			r.Errorf("discover prints %q, want no token, password, secret or document", secret)
		}
	}
}

func (r *run) command(args ...string) *exec.Cmd {
	cmd := exec.Command(e2e.Tokengraft, args...)
	cmd.Dir, cmd.Env = r.dir, append(os.Environ(), r.env...)
	return cmd
}

// edit applies edits. One without old replaces the section documents.
func (r *run) edit(edits []edit) {
	r.Helper()
	for _, e := range edits {
		if e.old == "" {
			e.old = sectionOf(r.yaml, "documents")
		}
		if strings.Count(r.yaml, e.old) != 1 {
			r.Fatalf("%q is in the configuration %d times, want once, for the edit %q:\n%s", e.old, strings.Count(r.yaml, e.old), e.why, r.yaml)
		}
		r.yaml = strings.Replace(r.yaml, e.old, e.new, 1)
	}
	r.edits = edits
	// Not an edit of a user: tests that run at the same time cannot share the default.
	r.yaml = strings.Replace(r.yaml, "listen: 127.0.0.1:8080", "listen: 127.0.0.1:0", 1)
	r.write(e2e.File, r.yaml)
}

// sectionOf returns the lines of a section, from its name to the next line that is not
// indented.
func sectionOf(yaml, name string) string {
	_, rest, _ := strings.Cut("\n"+yaml, "\n"+name+":\n")
	text := name + ":\n"
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, " ") {
			break
		}
		text += line
	}
	return text
}

func (r *run) wants(text string) {
	r.Helper()
	if !strings.Contains(r.yaml, text) {
		r.Errorf("the configuration does not contain %q", text)
	}
}

func (r *run) write(name, text string) {
	r.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
}
