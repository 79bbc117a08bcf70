//go:build !unix

package mem

import "os"

func mapFile(*os.File, int) ([]byte, func() error, error) { return nil, nil, errNoMap }
