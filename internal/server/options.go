package server

import (
	"log/slog"
	"time"

	"ossian/internal/chat"
	"ossian/internal/guide"
	"ossian/internal/keys"
	"ossian/internal/sample"
	"ossian/internal/store"
	"ossian/internal/token"
)

// Options of a server; what is zero takes the value of Defaults.
type Options struct {
	Keys    *keys.File   // nil: nobody needs a key
	Store   *store.Store // of what clients ask to be kept; nil: nothing is
	Hosts   []string     // names beside localhost and plain addresses by which clients may call it
	Origins []string     // web origins that may use it, e.g. https://chat.example.org

	MaxBody     int64         // bytes of a request
	MaxRequests int           // running and waiting
	MaxChoices  int           // answers to one request
	ReadTime    time.Duration // to send a request
	WriteTime   time.Duration // to take one event of a stream, or a whole answer
	RequestTime time.Duration // to answer a request
	KeepTime    time.Duration // how long stored responses are kept
	KeepAlive   time.Duration // between signs of life of a stream that has nothing to say
	DrainTime   time.Duration // to finish what runs when the server shall end

	Date    func() string // what a conversation is told when the request names no date; "" is none
	Seed    func() uint64 // of a request that names none
	NewID   func() string // 24 letters and digits
	Now     func() time.Time
	Log     *slog.Logger
	Version string
}

// Defaults are the values for what an Options leaves out.
func Defaults() Options {
	return Options{
		MaxBody: 32 << 20, MaxRequests: 256, MaxChoices: 8,
		ReadTime: 30 * time.Second, WriteTime: 30 * time.Second, RequestTime: time.Hour,
		KeepTime: 30 * 24 * time.Hour, KeepAlive: 15 * time.Second, DrainTime: 30 * time.Second,
		Date: func() string { return "" }, Seed: randomSeed, NewID: randomID, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

func (o Options) withDefaults() Options {
	d := Defaults()
	orDefault(&o.MaxBody, d.MaxBody)
	orDefault(&o.MaxRequests, d.MaxRequests)
	orDefault(&o.MaxChoices, d.MaxChoices)
	for _, t := range []struct {
		mine   *time.Duration
		preset time.Duration
	}{{&o.ReadTime, d.ReadTime}, {&o.WriteTime, d.WriteTime}, {&o.RequestTime, d.RequestTime}, {&o.KeepTime, d.KeepTime}, {&o.KeepAlive, d.KeepAlive}, {&o.DrainTime, d.DrainTime}} {
		orDefault(t.mine, t.preset)
	}
	if o.Date == nil {
		o.Date = d.Date
	}
	if o.Seed == nil {
		o.Seed = d.Seed
	}
	if o.NewID == nil {
		o.NewID = d.NewID
	}
	if o.Now == nil {
		o.Now = d.Now
	}
	if o.Log == nil {
		o.Log = d.Log
	}
	return o
}

func orDefault[T int | int64 | time.Duration](mine *T, d T) {
	if *mine == 0 {
		*mine = d
	}
}

// Model is a model that is ready, with what requests need of it.
type Model struct {
	Names    []string // by which requests may ask for it; the first is its own
	Chat     *chat.Model
	Sampling sample.Params // what the model recommends
	Tokens   *token.Tokenizer
	Created  time.Time
	// Of interest to people.
	Parameters string // how many it has, e.g. 20.9B
	Bytes      int64  // that its weights take

	format func() (*guide.Format, error) // made when a request first demands something
}
