package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// tokenVariable is the environment variable with the admin token for --admin. It is not
// used with a configuration file, whose sidecar could be another one than it is for.
const tokenVariable = "TOKENGRAFT_ADMIN_TOKEN"

// adminFlags are the flags that say which sidecar to ask.
type adminFlags struct{ config, admin, tokenFile string }

// An adminSession asks one sidecar for a command.
type adminSession struct {
	command *cobra.Command
	output  *output
	client  *adminapi.Client
	wrong   error  // what is wrong with the configuration file
	source  string // where the token comes from
}

// open finds the sidecar and its token.
func (f *adminFlags) open(c *cobra.Command, o *output) (*adminSession, error) {
	s := &adminSession{command: c, output: o, client: new(adminapi.Client)}
	token, err := s.find(f)
	if err == nil && f.tokenFile != "" {
		s.source = f.tokenFile
		token, err = readToken(f.tokenFile)
	}
	if err == nil && strings.ContainsFunc(token.Reveal(), unicode.IsControl) {
		err = &exitError{exitUsage, fmt.Errorf("%s: the admin token has a character that a header cannot carry", s.source)}
	}
	s.client.Token = token.Reveal
	return s, err
}

// find sets the URL, and returns the token that belongs to it.
func (s *adminSession) find(f *adminFlags) (token config.Secret, err error) {
	if f.admin != "" {
		if s.command.Flags().Changed("config") {
			return token, &exitError{exitUsage, errors.New("--admin cannot be combined with -c; remove one of them")}
		}
		s.source = "the environment variable " + tokenVariable
		s.client.URL, err = parseAdmin(f.admin)
		return config.NewSecret(os.Getenv(tokenVariable)), err
	}
	address, err := config.Address(""), error(nil)
	s.source = "admin_token in " + f.config
	cfg, err := loadConfig(s.command, f.config)
	switch {
	case err == nil:
		address, err = adminOf(s.command, cfg)
		token = cfg.AdminToken
	case f.config != stdinConfig:
		// A rollback must be possible while the file has faults.
		if address = config.AdminAddress(f.config, os.LookupEnv); address != "" {
			s.wrong, err = err, nil
			token, _ = config.AdminToken(f.config, os.LookupEnv) // a fault of it is in s.wrong
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return token, &exitError{exitUsage, fmt.Errorf("%w. Or name the address of the sidecar with --admin URL", err)}
	}
	if err == nil {
		s.client.URL, err = adminURL(string(address))
	}
	return token, err
}

// parseAdmin checks the URL of --admin. The token is sent there.
func parseAdmin(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", &exitError{exitUsage, errors.New("--admin must be a URL such as http://127.0.0.1:9901, without a name, a password or a query")}
	}
	return u.String(), nil
}

// maxToken bounds a file with a token, in bytes.
const maxToken = 64 << 10

func readToken(path string) (config.Secret, error) {
	file, err := os.Open(path)
	if err != nil {
		return config.Secret{}, &exitError{exitUsage, fmt.Errorf("--token-file: %w", err)}
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxToken+1))
	token := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return config.Secret{}, &exitError{exitUsage, fmt.Errorf("--token-file: %w", err)}
	case token == "" || len(text) > maxToken:
		return config.Secret{}, &exitError{exitUsage, fmt.Errorf("--token-file: %s is empty or too large; write the admin token into it", path)}
	}
	return config.NewSecret(token), nil
}

// ask runs one request, and says what it waits for.
func ask[T any](s *adminSession, what string, do func(context.Context) (T, error)) (T, error) {
	waiting := newProgress(s.command.ErrOrStderr())
	waiting.step(what + " at " + s.client.URL)
	defer waiting.step("")
	return do(s.command.Context())
}

// failed returns the error of a command whose request failed, and prints it for programs.
func (s *adminSession) failed(err error) error {
	problem, answered := errors.AsType[*adminapi.Problem](err)
	if s.output.json() {
		shown := problem
		if !answered {
			shown = &adminapi.Problem{Type: adminapi.UnavailableType, Title: "The sidecar was not asked", Detail: err.Error()}
		}
		if err := writeJSON(s.command.OutOrStdout(), shown); err != nil {
			return err
		}
	} else if answered && problem.Diff != "" {
		printDiff(s.command.OutOrStdout(), problem.Diff)
	}
	if !answered {
		if s.wrong != nil { // it may have the wrong address
			err = fmt.Errorf("%w\n%w", err, s.wrong)
		}
		return &exitError{exitFault, err}
	}
	code := exitFault
	switch problem.Type {
	case adminapi.FaultsType:
		code = exitNo
	case adminapi.UnchangedType: // a pipeline may deploy the same file again
		code = exitOK
	}
	return &exitError{code, errors.New(problem.Detail + s.advice(problem))}
}

// deployed ends a command that changes the configuration.
func (s *adminSession) deployed(d adminapi.Deployment, err error) error {
	if unanswered, ok := errors.AsType[*adminapi.UnansweredError](err); ok && unanswered.Sent {
		err = fmt.Errorf("%w\nThe sidecar may have made the change. `tokengraft config get --versions` shows whether it has", err)
	}
	switch {
	case err != nil:
		return s.failed(err)
	case s.output.json():
		return writeJSON(s.command.OutOrStdout(), d)
	}
	return printDeployment(s.command.OutOrStdout(), d)
}

// advice says what to do about a problem, on new lines.
func (s *adminSession) advice(p *adminapi.Problem) string {
	switch p.Type {
	case adminapi.FaultsType:
		return faultLines(p.Faults)
	case adminapi.ConflictType:
		return "\nGet the file again with `tokengraft config get`, make the change in it, and deploy it with --base and the new revision"
	case adminapi.ReadOnlyType:
		if p.Diff != "" {
			return "\nApply the difference that is printed where the file comes from"
		}
	case adminapi.InvalidType:
		if s.command.Flags().Lookup("to") != nil {
			return "\n`tokengraft config get --versions` lists the versions"
		}
	case adminapi.ForbiddenType:
		return s.tokenAdvice()
	}
	return ""
}

// tokenAdvice says how to send the token that the sidecar asks for.
func (s *adminSession) tokenAdvice() string {
	if s.client.Token() != "" {
		return "\nThe admin token that was sent is not the one of this sidecar. It comes from " + s.source
	}
	advice := "\nNo admin token was sent. Send it with --token-file FILE, or " + tokenVariable + " and --admin URL"
	if s.wrong != nil {
		advice += ". The configuration file has faults, so its token may be missing:\n" + s.wrong.Error()
	}
	return advice
}
