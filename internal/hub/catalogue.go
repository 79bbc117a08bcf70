package hub

import "strings"

// Model is one entry of the catalogue.
type Model struct {
	Repo  string // owner/name
	About string
	Bytes int64 // about what is fetched
}

// Short is the name without its owner, which is enough for a model of the catalogue.
func (m Model) Short() string { return m.Repo[strings.Index(m.Repo, "/")+1:] }

// Catalogue lists the models this program is for. Any other repository with the same
// architecture can be named in full.
func Catalogue() []Model {
	return []Model{
		{"openai/gpt-oss-20b", "for machines with 16 GB of memory", 13_790_000_000},
		{"openai/gpt-oss-120b", "for machines with 80 GB of memory", 65_280_000_000},
		{"openai/gpt-oss-safeguard-20b", "the 20b, trained to judge text by a policy", 13_790_000_000},
		{"openai/gpt-oss-safeguard-120b", "the 120b, trained to judge text by a policy", 65_280_000_000},
	}
}

// Ref names a model: a repository and one of its revisions.
type Ref struct {
	Repo     string // owner/name
	Revision string // branch, tag or commit
}

// String is the shortest name that means the same.
func (r Ref) String() string {
	s := r.Repo
	for _, m := range Catalogue() {
		if m.Repo == r.Repo {
			s = m.Short()
		}
	}
	if r.Revision != defaultRevision {
		s += "@" + r.Revision
	}
	return s
}

const defaultRevision = "main"

// ParseRef reads a short name of the catalogue or owner/name, with @revision or not.
func ParseRef(name string) (Ref, error) {
	repo, revision, at := strings.Cut(name, "@")
	if !at {
		revision = defaultRevision
	}
	for _, m := range Catalogue() {
		if strings.EqualFold(repo, m.Short()) {
			repo = m.Repo
		}
	}
	owner, rest, ok := strings.Cut(repo, "/")
	if !ok || !plainPart(owner) || !plainPart(rest) || strings.Contains(repo, "--") || !plainRevision(revision) {
		var known []string
		for _, m := range Catalogue() {
			known = append(known, m.Short())
		}
		return Ref{}, failed(quoted(name), "give one of "+strings.Join(known, ", ")+", or owner/name of a repository", "it names no model of the catalogue and is not owner/name")
	}
	return Ref{repo, revision}, nil
}

// plainPart accepts what the hub allows in a name: letters, digits, dots, dashes and
// underscores, no dot or dash at the ends. What passes is safe in a path and a URL.
func plainPart(s string) bool {
	const edge = ".-"
	return s != "" && len(s) <= 96 && !strings.ContainsAny(s[:1]+s[len(s)-1:], edge) && !strings.Contains(s, "..") &&
		!strings.ContainsFunc(s, func(r rune) bool { return !letter(r) && !strings.ContainsRune("._-", r) })
}

func letter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// plainRevision accepts branches with slashes too: each part must be plain.
func plainRevision(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		if !plainPart(part) {
			return false
		}
	}
	return len(s) <= 200
}

// isHex reports whether s is n lower-case hex digits.
func isHex(s string, n int) bool {
	return len(s) == n && !strings.ContainsFunc(s, func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'f') })
}
