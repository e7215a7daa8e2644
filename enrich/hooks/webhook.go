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

// A Webhook is an HTTP endpoint that creates users' documents.
type Webhook struct {
	// URL gets a POST with {"user": …}, in the shape of App Services' user object. A
	// 2xx response with a JSON object contains the document. An empty 2xx response
	// means that the webhook has inserted it. A 4xx response refuses the user if it is
	// 403, or if it is JSON with the member error, which is the message for the client.
	// Any other response is a failure, after which the user can try again.
	URL string
	// Secret is sent as a bearer token. Optional.
	Secret string
}

// maxAnswer is the size of the largest response of a webhook, in bytes.
const maxAnswer = 1 << 20

// client does not follow redirects: users' data and the secret go only to the
// configured URL.
var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask returns the document, or nil if the webhook has inserted it. It waits until
// ctx ends.
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
		return nil, fmt.Errorf("webhook: the response is larger than %d bytes", maxAnswer)
	}
	return readAnswer(response.StatusCode, bytes.TrimSpace(answer))
}

func readAnswer(status int, answer []byte) (json.RawMessage, error) {
	isObject := bytes.HasPrefix(answer, []byte("{")) && json.Valid(answer)
	if status >= 200 && status < 300 {
		if len(answer) > 0 && !isObject {
			return nil, errors.New("webhook: the response is not a JSON object")
		}
		return answer, nil
	}
	var reply struct{ Error string }
	if isObject {
		_ = json.Unmarshal(answer, &reply) // the message stays empty if it is not text
	}
	if status >= 400 && status < 500 && reply.Error != "" {
		return nil, &enrich.Rejection{Code: "FunctionExecutionError", Message: reply.Error}
	}
	if status == http.StatusForbidden {
		return nil, &enrich.Rejection{Code: "FunctionExecutionError", Message: "the user could not be created"}
	}
	return nil, fmt.Errorf("webhook: the response has status %d", status)
}
