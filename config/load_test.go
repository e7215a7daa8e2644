package config_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

var update = flag.Bool("update", false, "write the actual results to testdata")

const file = "tokengraft.yaml"

// Each archive of testdata has tokengraft.yaml, env with NAME=value lines, files
// that the configuration names, and the expected result: faults, or the settings
// that differ from those of minimal.txtar.
func TestLoad_ReportsEveryFaultOrSetsEverySetting(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("testdata has %d archives (%v), want at least 1", len(archives), err)
	}
	minimal := settingsOf(t, "testdata/minimal.txtar")
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a := open(t, name)
			cfg, err := load(t, a)
			if err != nil {
				compare(t, name, a, "faults", err.Error()+"\n")
				return
			}
			lines := dump(cfg)
			if name != "testdata/minimal.txtar" {
				lines = slices.DeleteFunc(lines, func(l string) bool { return slices.Contains(minimal, l) })
			}
			compare(t, name, a, "settings", strings.Join(lines, "\n")+"\n")
		})
	}
}

func TestLoad_ReportsAMissingFile(t *testing.T) {
	_, err := config.Load(filepath.Join(t.TempDir(), file), os.LookupEnv)
	if _, isFaults := errors.AsType[config.Faults](err); isFaults || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load of a missing file = %v; want an error that is fs.ErrNotExist and not Faults", err)
	}
}

func TestFaults_OnlyFilesIsFalseForFaultsOfSettings(t *testing.T) {
	for name, want := range map[string]bool{
		"testdata/secret-files-missing.txtar": true,
		"testdata/secret-twins.txtar":         false,
		"testdata/types.txtar":                false,
	} {
		_, err := load(t, open(t, name))
		faults, ok := errors.AsType[config.Faults](err)
		if !ok {
			t.Fatalf("%s: Load = %v; want Faults", name, err)
		}
		if got := faults.OnlyFiles(); got != want {
			t.Errorf("%s: OnlyFiles = %v, want %v, for the faults\n%v", name, got, want, err)
		}
		if got := errors.Is(err, fs.ErrNotExist); got != want {
			t.Errorf("%s: errors.Is(err, fs.ErrNotExist) = %v, want %v, for the faults\n%v", name, got, want, err)
		}
	}
}

func TestSecret_FromFileHasNoLineEnd(t *testing.T) {
	cfg, err := load(t, open(t, "testdata/secret-files.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for want, secret := range map[string]config.Secret{
		" hunter2 ":                     cfg.AdminToken,
		"hunter3":                       cfg.Verify.Secret,
		"mongodb+srv://user:hunter4@db": cfg.Documents.MongoDB.URI,
	} {
		if got := secret.Reveal(); got != want {
			t.Errorf("secret from a file = %q, want %q", got, want)
		}
	}
}

func TestSecret_ComesFromTheEnvironment(t *testing.T) {
	cfg, err := load(t, open(t, "testdata/full.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cfg.AdminToken.Reveal(), "hunter2"; got != want {
		t.Errorf("admin_token = %q, want %q", got, want)
	}
}

func TestFaults_ShowNoSecret(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range archives {
		if _, err := load(t, open(t, name)); err != nil && strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: the faults are\n%v\nwant none with a secret (hunter…)", name, err)
		}
	}
}

func TestPath_IsRelativeToTheFile(t *testing.T) {
	a := open(t, "testdata/full.txtar")
	dir := a.extract(t)
	cfg, err := config.Load(filepath.Join(dir, file), environment(a))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(cfg.Sign.Keys), filepath.Join(dir, "keys"); got != want {
		t.Errorf("sign.keys = %s, want %s", got, want)
	}
}

// load loads the configuration of an archive with the archive's folder as working
// directory, so that faults and paths are short.
func load(t *testing.T, a archive) (*config.Config, error) {
	t.Helper()
	t.Chdir(a.extract(t))
	defer t.Chdir(home)
	return config.Load(file, environment(a))
}

// home is the working directory of the tests.
var home = func() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return dir
}()

func environment(a archive) func(string) (string, bool) {
	vars := map[string]string{}
	for line := range strings.Lines(a.section("env")) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		vars[name] = value
	}
	return func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok
	}
}

func TestConfig_PlacesFaultsFoundLater(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokengraft.yaml")
	text := "listen: 127.0.0.1:0\nbackend: http://127.0.0.1:1\nrules: [{match: POST /login, tokens: ['json:t']}]\nverify: {secret: s}\n" +
		"documents:\n  file: users.json\n  user_id_field: id\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"documents.file":      file + ":6:9: documents.file: broken",
		"documents.mongodb.x": file + ":6:3: documents.mongodb.x: broken",
	} {
		if got := cfg.Fault(path, errors.New("broken")).Error(); got != want {
			t.Errorf("Fault(%s) = %s, want %s", path, got, want)
		}
	}
}

func settingsOf(t *testing.T, name string) []string {
	t.Helper()
	cfg, err := load(t, open(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return dump(cfg)
}

// dump returns each setting as path = value, in the order of Config.
func dump(cfg *config.Config) []string {
	return appendDump(nil, "", reflect.ValueOf(*cfg))
}

func appendDump(lines []string, path string, v reflect.Value) []string {
	_, prints := v.Interface().(fmt.Stringer)
	switch {
	case v.Kind() == reflect.Struct && !prints:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			lines = appendDump(lines, strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."), v.Field(i))
		}
	case v.Kind() == reflect.Slice && v.Len() > 0:
		for i := range v.Len() {
			lines = appendDump(lines, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	default:
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s = %v", path, v.Interface())))
	}
	return lines
}

// YAML is UTF-8 without control characters, and so are claims, BSON and headers,
// which get text from the file. A secret from the environment may have any bytes.
func TestLoad_AcceptsOnlyUTF8(t *testing.T) {
	minimal := open(t, "testdata/minimal.txtar").section(file)
	env := func(string) (string, bool) { return "caf\xe9", true }
	for _, test := range []struct{ text, want string }{
		{minimal, ""},
		{minimal + "# café\n", ""},
		{"\ufeff" + minimal, ""},
		{minimal + "# caf\xe9\n", file + ":9:6: invalid YAML: this byte is not UTF-8; save the file as UTF-8"},
		{minimal + "admin_token: \"café\x00\"\n", file + ":9:19: invalid YAML: control character U+0000; remove it"},
		{"l\x00i\x00s\x00t\x00e\x00n\x00", file + ":1:2: invalid YAML: control character U+0000; remove it"},
		{"\xff\xfel\x00i\x00", file + ":1:1: invalid YAML: this byte is not UTF-8; save the file as UTF-8"},
		{minimal + "claim: {name: \"${CLAIM}\"}\n", file + ":9:15: claim.name: is not UTF-8"},
		{minimal + "admin_token: ${TOKEN}\n", ""},
	} {
		name := filepath.Join(t.TempDir(), file)
		if err := os.WriteFile(name, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := config.Load(name, env)
		if got := strings.TrimPrefix(fmt.Sprint(err), filepath.Dir(name)+"/"); got != test.want && (err != nil || test.want != "") {
			t.Errorf("Load(%q) = %s; want %s", test.text, got, test.want)
		}
	}
}

// Peers are compared as IPv4 addresses, even if they are written as IPv6.
func TestPeers_MappedAddressesAreIPv4(t *testing.T) {
	minimal := open(t, "testdata/minimal.txtar").section(file)
	cfg, err := load(t, archive{{}, {file, minimal + "trusted_proxies: ['::ffff:10.0.0.0/104', '::ffff:192.0.2.1', '::ffff:0:0/95']\n"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(cfg.TrustedProxies), "[[10.0.0.0/8] [192.0.2.1/32] [::fffe:0:0/95]]"; got != want {
		t.Errorf("trusted_proxies = %s, want %s", got, want)
	}
}

// The same port with another address family is another listener, and must not be
// refused.
func TestLoad_RefusesOnlyTheSidecarItselfAsBackend(t *testing.T) {
	for listen, backends := range map[string]map[string]bool{
		"0.0.0.0:8080":   {"http://[::1]:8080": true, "http://127.0.0.1:8080": false, "http://auth:8080": true, "http://localhost": true},
		"127.0.0.1:8080": {"http://127.0.0.2:8080": true, "http://127.0.0.1:8080": false},
		":80":            {"http://[::1]": false, "http://127.0.0.1": false, "https://127.0.0.1": true},
	} {
		for backend, right := range backends {
			file := filepath.Join(t.TempDir(), file)
			text := fmt.Sprintf("{listen: '%s', backend: '%s', oidc: true, sign: {keys: keys}, documents: {file: users.json, user_id_field: id}}", listen, backend)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := config.Load(file, os.LookupEnv); (err == nil) != right {
				t.Errorf("Load with listen %s and backend %s: error %v, want an error: %v", listen, backend, err, !right)
			}
		}
	}
}
