package config_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

const hush = "Hush-hush-7f3a"

// secretPaths returns the paths of all settings that are secrets.
func secretPaths(section reflect.Type, path string) (paths []string) {
	for _, f := range yamlbind.Fields(section) {
		at := strings.TrimPrefix(path+"."+f.Setting, ".")
		_, scalar := yamlbind.ScalarOf(f.Type)
		switch {
		case f.Type == reflect.TypeFor[config.Secret]():
			paths = append(paths, at)
		case !scalar && f.Type.Kind() == reflect.Struct:
			paths = append(paths, secretPaths(f.Type, at)...)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			if inner := secretPaths(f.Type.Elem(), at+"[]"); inner != nil {
				panic(fmt.Sprintf("a secret in a list: extend this test: %v", inner))
			}
		}
	}
	return paths
}

// nested returns a file with a setting, in block style.
func nested(path, value string) string {
	var out strings.Builder
	keys := strings.Split(path, ".")
	for i, key := range keys {
		out.WriteString(strings.Repeat("  ", i) + key + ":")
		if i < len(keys)-1 {
			out.WriteString("\n")
		}
	}
	return out.String() + " " + value + "\n"
}

func TestRedact_HidesEverySecretInEveryStyle(t *testing.T) {
	paths := secretPaths(reflect.TypeFor[config.Config](), "")
	if len(paths) < 4 {
		t.Fatalf("secrets: %v", paths)
	}
	for _, path := range paths {
		keys := strings.Split(path, ".")
		last := keys[len(keys)-1]
		flow := path[:strings.LastIndex(path, ".")+1]
		braces := "{" + last + ": " + hush + ", x: 1}"
		if flow != "" {
			braces = nested(strings.TrimSuffix(flow, "."), braces)
		} else {
			braces = nested("a", braces)
		}
		for _, text := range []string{
			nested(path, hush), nested(path, `"`+hush+` \" # x"`), nested(path, `'`+hush+`: ''y'''`), nested(path, hush+" # the secret"),
			nested(path, "${X}"+hush), nested(path, "${X:-"+hush+"}"), nested(path, "mongodb://u:"+hush+"@h/?x=1"), braces,
			nested(path, "\n      "+hush), nested(path, `"`+hush+"\n     more\""), strings.ReplaceAll(nested(path, hush), "\n", "\r\n"),
			"a: 1\n# " + strings.ReplaceAll(nested(path, hush), "\n", "\n# ") + "\n", "a: 1 # " + last + ": " + hush + "\n", "#" + last + "=" + hush + "\na: 1\n",
			"# {" + last + ": " + hush + "}\na: 1\n", "# " + last + ": |\n#   " + hush + "\n#   " + hush + "\na: 1\n",
		} {
			shown, err := config.Redact([]byte(text))
			switch {
			case err != nil:
				t.Errorf("%q: %v", text, err)
				continue
			case strings.Contains(string(shown), hush) || !strings.Contains(string(shown), "[redacted]"):
				t.Errorf("%q is shown as %q", text, shown)
			}
			restored, err := config.Unredact("f", shown, []byte(text))
			if err != nil || string(restored) != text {
				t.Errorf("%q\nis shown as %q\nand restored as %q, %v", text, shown, restored, err)
			}
		}
	}
}

func TestRedact_HidesOrRefuses(t *testing.T) {
	for _, text := range []string{
		"verify: {secret: &s " + hush + "}\nx: *s\n", "verify:\n  secret: |\n    " + hush + "\n", "verify:\n  secret: >-\n    " + hush + "\n",
		"x: &s " + hush + "\nverify:\n  secret: *s\n", "base: &b\n  secret: " + hush + "\nverify:\n  <<: *b\n",
		"admin_tokn: " + hush + "\n", "admin-token: " + hush + "\n", "verfy:\n  secret: " + hush + "\n", "password: " + hush + "\n", "documents:\n  mongodb:\n    url: mongodb://u:" + hush + "@h\n",
		"backend: http://u:" + hush + "@h\n", "a: 1 # was mongodb://u:p@" + hush + "@h/db\n", "# see https://u:" + hush + "@h\na: 1\n",
		"list: [{secret: " + hush + "}, 'https://x:" + hush + "@y']\n", "verify:\n  secret: " + hush + "\n    " + hush + "\n",
		"verify:\n  secret: !!str " + hush + "\n", "verify: [\n  secret: " + hush + "\n", "verify:\n\tsecret: " + hush + "\n",
	} {
		shown, err := config.Redact([]byte(text))
		if err == nil && strings.Contains(string(shown), hush) || err != nil && strings.Contains(err.Error(), hush) {
			t.Errorf("%q is shown as %q, %v", text, shown, err)
		}
	}
}

func TestRedact_KeepsWhatIsNoSecret(t *testing.T) {
	text := "admin_token: ${TOKEN} # from the environment\nverify:\n  secret_file: a\n  secret: '${S}'\nrules:\n  - {match: POST /x, tokens: [json:access_token]}\n# secret_file: b\n# uri: ${URI}\nbackend: http://h:1 # see https://example.com/@x y\n"
	shown, err := config.Redact([]byte(text))
	if want := strings.Replace(text, "https://example.com/@x", "https://[redacted]@x", 1); err != nil || string(shown) != want {
		t.Errorf("got %q, %v\nwant %q", shown, err, want)
	}
}

func TestUnredact_RefusesMarksThatStandForNothing(t *testing.T) {
	base := "admin_token: " + hush + "\nverify:\n  secret: ${S}\n"
	for draft, want := range map[string]string{
		"admin_token: '[redacted]'\n":                        "admin_token: " + hush + "\n",
		"admin_token: [redacted]\n":                          "admin_token: " + hush + "\n",
		"{admin_token: '[redacted]', x: 1}\n":                "{admin_token: " + hush + ", x: 1}\n",
		"b: {x: 1, admin_token: '[redacted]'}\n":             "",
		"verify:\n  secret: '[redacted]'\n":                  "",
		"backend: 'http://[redacted]@x'\n":                   "",
		"claim:\n  name: '[redacted]'\n":                     "",
		"admin_token: 'x[redacted]'\n":                       "",
		"user_creation: {webhook: {secret: '[redacted]'}}\n": "",
	} {
		text, err := config.Unredact("f", []byte(draft), []byte(base))
		if string(text) != want || (err == nil) != (want != "") {
			t.Errorf("%q becomes %q, %v; want %q", draft, text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), hush) {
			t.Errorf("the error has the secret: %v", err)
		}
	}
}
