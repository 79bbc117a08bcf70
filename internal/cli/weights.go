package cli

import (
	"context"
	"errors"

	"ossian/internal/model"
)

// openWeights reads the weights of a folder or of the embedded model.
func openWeights(ctx context.Context, at place, p *progress) (*model.Weights, error) {
	return nil, errors.New("weights cannot be read yet")
}

// embedded is the model inside the program.
func (s *system) embedded() (place, error) {
	return place{}, errors.New("this build has no model inside; give a folder with -m")
}
