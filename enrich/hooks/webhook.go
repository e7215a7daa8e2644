package hooks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/tokengraft/tokengraft/enrich"
)

// A Webhook is asked to make a user's document, or to say what is to be in it.
type Webhook struct {
	// URL gets a POST with {"user": …}, in the shape of App Services' user
	// object. An answer of 2xx with a JSON object is the document; without one
	// the webhook has made it. Any other answer lets no token leave, and the
	// member error of a JSON answer is what the client is told.
	URL string
	// Secret goes along as a bearer token. Optional.
	Secret string
}

// maxAnswer bounds what a webhook answers, in bytes.
const maxAnswer = 1 << 20

// client follows no redirect: users' data and the secret go to whom the
// configuration names, and to nobody else.
var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask returns the document, empty if the webhook has made it. It waits as long as
// ctx lasts.
func (w Webhook) ask(ctx context.Context, user json.RawMessage) (json.RawMessage, error) {
	body, err := json.Marshal(map[string]json.RawMessage{"user": user})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("webhook: the URL cannot be parsed") // the URL may contain a secret
	}
	request.Header.Set("Content-Type", "application/json")
	if w.Secret != "" {
		request.Header.Set("Authorization", "Bearer "+w.Secret)
	}
	response, err := client.Do(request)
	if fault, ok := errors.AsType[*url.Error](err); ok {
		return nil, fmt.Errorf("webhook: %w", fault.Err) // without the URL
	}
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("webhook: %w", err)
	case len(answer) > maxAnswer:
		return nil, fmt.Errorf("webhook: an answer of more than %d bytes", maxAnswer)
	}
	return readAnswer(response.StatusCode, bytes.TrimSpace(answer))
}

func readAnswer(status int, answer []byte) (json.RawMessage, error) {
	isObject := bytes.HasPrefix(answer, []byte("{")) && json.Valid(answer)
	if status >= 200 && status < 300 {
		if len(answer) > 0 && !isObject {
			return nil, errors.New("webhook: the answer is not a JSON object")
		}
		return answer, nil
	}
	var reply struct{ Error string }
	if isObject && json.Unmarshal(answer, &reply) == nil && reply.Error != "" {
		return nil, &enrich.Rejection{Code: "FunctionExecutionError", Message: reply.Error}
	}
	return nil, fmt.Errorf("webhook: answered %d", status)
}
