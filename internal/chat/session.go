package chat

import (
	"context"
	"slices"

	"ossian/internal/harmony"
)

// Session is a conversation of several turns. Its fields may be changed between turns.
type Session struct {
	Model    *Model
	Settings harmony.Settings
	Options  Options

	history []harmony.Message
}

// NewSession starts a conversation with the defaults of the harmony format: its
// identity, medium effort and the date given (YYYY-MM-DD, may be empty).
func NewSession(m *Model, date string) *Session {
	s := &Session{Model: m, Settings: harmony.Settings{System: harmony.DefaultSystem()}}
	s.Settings.System.Date = date
	return s
}

// Send says text and lets the model answer. The history grows by both, unless the
// turn failed, or was cancelled or out of context before there was any answer:
// then it is as before, and kept is false. What is cut stays as far as it got.
func (s *Session) Send(ctx context.Context, text string, emit func(Event) error) (t Turn, kept bool, err error) {
	asked := append(slices.Clip(s.history), harmony.UserMessage(text))
	t, err = s.Model.Turn(ctx, harmony.NewConversation(s.Settings, asked...), s.Options, emit)
	if err != nil {
		return t, false, err
	}
	if t.Answer == "" && len(t.Calls) == 0 && (t.Finish == FinishCancelled || t.Finish == FinishContext) {
		return t, false, nil
	}
	s.history = append(asked, t.Messages...)
	return t, true, nil
}

// History is the turns so far, without system and developer messages.
func (s *Session) History() []harmony.Message { return s.history }

// Reset forgets the turns and keeps the settings.
func (s *Session) Reset() { s.history = nil }
