package programs

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// Curl understands the few flags of curl(1) that walkthroughs and pages use, for
// machines without it. In values @token stands for the content of the file token,
// and @refresh for that of the file refresh.
func Curl() {
	if err := curlMain(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "curl:", err)
		os.Exit(1)
	}
}

func curlMain(args []string, w io.Writer) error {
	method, target, body := "", "", ""
	include := false
	header := http.Header{}
	next := func() string {
		value := args[0]
		args = args[1:]
		return value
	}
	for len(args) > 0 {
		switch arg := next(); arg {
		case "-s":
		case "-i":
			include = true
		case "-X":
			method = next()
		case "-d":
			body = next()
		case "-H":
			name, value, _ := strings.Cut(next(), ": ")
			header.Set(name, value)
		case "-b":
			header.Set("Cookie", next())
		default:
			target = arg
		}
	}
	if method == "" {
		method = http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
	}
	if body != "" && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, file := range []string{"token", "refresh"} {
		if content, err := os.ReadFile(file); err == nil {
			fill := strings.NewReplacer("@"+file, strings.TrimSpace(string(content)))
			body = fill.Replace(body)
			for _, values := range header {
				values[0] = fill.Replace(values[0])
			}
		}
	}
	request, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = header
	client := &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if include {
		fmt.Fprintf(w, "%s %s\n", response.Proto, response.Status)
		response.Header.Write(w)
		fmt.Fprintln(w)
	}
	_, err = io.Copy(w, response.Body)
	return err
}
