package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"ossian/internal/engine"
	"ossian/internal/harmony"
	"ossian/internal/openai"
	"ossian/internal/sample"
)

// failure is an error as a client is told: a status and an error object.
type failure struct {
	status int
	retry  time.Duration // when to come again; 0: no such hint
	openai.ErrorObject
}

func (f *failure) Error() string { return f.Message }

func failed(status int, kind, code, param, format string, args ...any) *failure {
	return &failure{status: status, ErrorObject: openai.NewErrorObject(kind, code, param, fmt.Sprintf(format, args...))}
}

// statusGone is what logs and metrics say of a client that left; nobody reads it. There is
// no such status in the standard, but this number is the custom.
const statusGone = 499

// Causes of a request's end that are not the client's.
var (
	errDraining = errors.New("server: it is shutting down")
	errTooLong  = errors.New("server: the request took too long")
)

func loading() *failure {
	f := failed(http.StatusServiceUnavailable, openai.TypeServer, "model_loading", "", "the model is being loaded; try again in a moment")
	f.retry = 2 * time.Second
	return f
}

func shuttingDown() *failure {
	f := failed(http.StatusServiceUnavailable, openai.TypeServer, "shutting_down", "", "the server is shutting down")
	f.retry = 5 * time.Second
	return f
}

func overloaded(n int) *failure {
	f := failed(http.StatusServiceUnavailable, openai.TypeServer, "overloaded", "", "%d requests are running or waiting, which is as many as this server takes; try again later", n)
	f.retry = 2 * time.Second
	return f
}

func noSuchPath(method, path string) *failure {
	return failed(http.StatusNotFound, openai.TypeRequest, "unknown_url", "", "there is no %s %s here", method, path)
}

func methodWrong(method, path, allowed string) *failure {
	return failed(http.StatusMethodNotAllowed, openai.TypeRequest, "method_not_allowed", "", "%s is not possible for %s; use %s", method, path, allowed)
}

func noSuchModel(name string, names []string) *failure {
	return failed(http.StatusNotFound, openai.TypeRequest, "model_not_found", "model", "there is no model %q here; this server has %v", name, names)
}

// failureOf finds the status for any error of answering a request.
func failureOf(ctx context.Context, err error) *failure {
	var f *failure
	var request *openai.Error
	var long *engine.ContextError
	var render *harmony.RenderError
	var sampling *sample.Error
	var meaning *engine.RequestError
	var size *http.MaxBytesError
	var busy *engine.BusyError
	switch cause := context.Cause(ctx); {
	case errors.As(err, &f):
		return f
	case errors.As(err, &request):
		return failed(http.StatusBadRequest, openai.TypeRequest, request.Code, request.Param, "%s", request.Error())
	case errors.As(err, &long):
		return failed(http.StatusBadRequest, openai.TypeRequest, "context_length_exceeded", subject(ctx), "%v; shorten the conversation, or start the server with a larger --context", long)
	case errors.As(err, &busy):
		f := failed(http.StatusServiceUnavailable, openai.TypeServer, "overloaded", "", "%v", busy)
		f.retry = busy.RetryAfter
		return f
	case errors.As(err, &size):
		return failed(http.StatusRequestEntityTooLarge, openai.TypeRequest, "request_too_large", "", "the request has more than %d bytes, which is as many as this server takes (--max-body)", size.Limit)
	case errors.As(err, &render):
		return failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeValue, render.Field, "%v", render)
	case errors.As(err, &sampling) && sampling.Position < 0:
		return failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeValue, "", "%v", sampling)
	case errors.As(err, &meaning):
		return failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeValue, "", "%v", meaning)
	case errors.Is(cause, context.Canceled) || errors.Is(err, errGone):
		return failed(statusGone, openai.TypeRequest, "client_closed_request", "", "the client left before the answer")
	case errors.Is(cause, errDraining):
		return shuttingDown()
	case errors.Is(cause, errTooLong):
		return failed(http.StatusGatewayTimeout, openai.TypeServer, "timeout", "", "the answer took longer than this server allows (--request-time)")
	}
	return failed(http.StatusInternalServerError, openai.TypeServer, "internal_error", "", "the request could not be answered: %v", err)
}

// subject is the field that holds what the model is shown.
func subject(ctx context.Context) string {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x.subject
	}
	return ""
}

// fail answers with an error.
func fail(w http.ResponseWriter, r *http.Request, f *failure) {
	if x := exchangeOf(r); x != nil && f.Code != nil {
		x.code = *f.Code
	}
	if f.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.retry.Seconds()+0.999)))
	}
	reply(w, f.status, errorBody(r.URL.Path, f))
}

// reply sends a JSON body.
func reply(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have left
}
