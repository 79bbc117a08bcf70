//go:build !unix

package bundle

import "errors"

func makePipe(string) error { return errors.ErrUnsupported }
