package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/sidecar"
	"github.com/tokengraft/tokengraft/internal/telemetry"
)

func explainCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "explain USER_ID",
		Short: "Show which document belongs to a user, and what a token gets of it",
		Long: `Explain reads the documents of a user from their source. USER_ID is the value of the user-id
claim (documents.user_id_claim) in the user's tokens. Explain shows which document counts and
why, the fields in a token and what is left out, with their bytes, and the size of the claim.
If there is no document, it looks for one that would be the user's with another user_id_type or
user_id_field. If the sidecar of the configuration runs, explain asks it what its cache has of
the user. It changes nothing.`,
		Example: "  tokengraft explain 62efedca3587e6e83c0fc675\n  tokengraft explain --values anna",
		Args:    oneArgument("USER_ID"),
	}
	exits(c, exitOK, "the user has a document")
	exits(c, exitNo, "the user has no document")
	path, o := configFlag(c), outputFlag(c)
	var request sidecar.ExplainRequest
	c.Flags().BoolVar(&request.Values, "values", false, "show the values of the fields in a token, too")
	c.Flags().StringVar(&request.Issuer, "issuer", "", "the `ISSUER` (iss) of the user's tokens, for documents.user_id_issuer")
	c.RunE = func(c *cobra.Command, args []string) error {
		request.UserID = args[0]
		if request.UserID == "" {
			return &exitError{exitUsage, errors.New("USER_ID is empty")}
		}
		cfg, err := loadConfig(c, *path)
		if err != nil {
			return err
		}
		explained, err := explain(c, cfg, request)
		if err != nil {
			return err
		}
		if o.json() {
			err = writeJSON(c.OutOrStdout(), explained)
		} else {
			explanationPrinter{trialPrinter{c.OutOrStdout()}}.explanation(cfg, explained)
		}
		if err == nil && !explained.Found {
			err = &exitError{code: exitNo}
		}
		return err
	}
	printErrors(c, o)
	return c
}

// explain asks the source of documents, and the sidecar for what its cache has.
func explain(c *cobra.Command, cfg *config.Config, request sidecar.ExplainRequest) (*sidecar.UserExplanation, error) {
	logger, _, err := telemetry.NewLogger(c.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	waiting := newProgress(c.ErrOrStderr())
	defer waiting.step("")
	waiting.step("reading the documents")
	explained, err := sidecar.Explain(c.Context(), cfg, sidecar.Options{Logger: logger}, request)
	if errors.Is(err, sidecar.ErrIssuerNeeded) {
		return nil, &exitError{exitUsage, errors.New(err.Error() + " with --issuer")}
	}
	if err != nil {
		return nil, err
	}
	waiting.step("asking the sidecar about its cache")
	addCache(c.Context(), cfg, request, explained)
	return explained, nil
}

// cacheTimeout bounds the question about the cache. A sidecar that runs answers at once.
const cacheTimeout = 2 * time.Second

// addCache adds what the cache of a running sidecar has of the user. It adds nothing if
// the sidecar does not answer: it may run on another machine, or not at all.
func addCache(ctx context.Context, cfg *config.Config, request sidecar.ExplainRequest, explained *sidecar.UserExplanation) {
	host, port, err := net.SplitHostPort(string(cfg.Admin))
	if err != nil || port == "0" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
	endpoint := "/explain/" + url.PathEscape(request.UserID) + "?" + url.Values{"issuer": {explained.Issuer}}.Encode()
	answer, err := getAdmin(ctx, net.JoinHostPort(host, port), endpoint)
	if err != nil {
		return
	}
	var running sidecar.UserExplanation
	if json.Unmarshal(answer.body, &running) != nil || len(running.As) != len(explained.As) || !sameUsers(&running, explained) {
		return
	}
	for i := range explained.As {
		explained.As[i].Cache = running.As[i].Cache
	}
}

// sameUsers reports whether a sidecar looks up users as this configuration does. Another
// sidecar of the machine may have the address, because most leave it at the default.
func sameUsers(a, b *sidecar.UserExplanation) bool {
	return a.Source == b.Source && a.Claim == b.Claim && a.Field == b.Field && a.FieldType == b.FieldType && a.Issuer == b.Issuer
}
