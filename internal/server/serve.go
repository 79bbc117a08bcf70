package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Serve answers requests that come to the listener until ctx ends. Then it takes no new
// ones, lets running answers finish within the drain time, ends the rest with a proper
// event, and returns. certs is nil for plain HTTP.
func (s *Server) Serve(ctx context.Context, l net.Listener, certs *tls.Config) error {
	h := &http.Server{
		Handler:           s.Handler(),
		TLSConfig:         certs,
		ReadHeaderTimeout: min(s.opt.ReadTime, 10*time.Second),
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(connectionLog{s.opt.Log}, "", 0),
	}
	ended := make(chan error, 1)
	go func() {
		if certs != nil {
			ended <- h.ServeTLS(l, "", "")
			return
		}
		ended <- h.Serve(l)
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.draining.Store(true)
	s.stopBatches(errDraining) // they go on when the next server begins
	wait, stop := context.WithTimeout(context.Background(), s.opt.DrainTime)
	defer stop()
	err := errors.Join(h.Shutdown(wait), s.jobsEnd(wait))
	if err != nil { // some are still running: they get a moment to say so
		s.cancel(errDraining)
		last, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		err = errors.Join(h.Shutdown(last), s.jobsEnd(last))
	}
	return errors.Join(err, h.Close())
}

// jobsEnd waits for what runs without a connection.
func (s *Server) jobsEnd(ctx context.Context) error {
	ended := make(chan struct{})
	go func() { s.background.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// connectionLog keeps what net/http says of broken connections out of people's sight.
type connectionLog struct{ log *slog.Logger }

func (c connectionLog) Write(p []byte) (int, error) {
	c.log.Debug("connection", "error", string(p))
	return len(p), nil
}
