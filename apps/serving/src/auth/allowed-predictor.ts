import { modelNotFound, type Predictor, submitTo } from '@understudy/serving'
import { type Caller, everyModel } from './access.ts'

const made = new WeakMap<Caller, WeakMap<Predictor, Predictor>>()

/**
 * The data plane as a caller may see it: any model that is not for the caller is answered exactly like one that does not exist, whatever
 * state it is in. The same object again for the same caller.
 */
export function allowedPredictor(predictor: Predictor, caller: Caller): Predictor {
  if (caller === everyModel) return predictor
  let ofCaller = made.get(caller)
  if (ofCaller === undefined) {
    ofCaller = new WeakMap()
    made.set(caller, ofCaller)
  }
  let allowed = ofCaller.get(predictor)
  if (allowed === undefined) {
    allowed = restricted(predictor, caller)
    ofCaller.set(predictor, allowed)
  }
  return allowed
}

function restricted(predictor: Predictor, caller: Caller): Predictor {
  return {
    predict: (request) =>
      caller.mayUse(request.model)
        ? predictor.predict(request)
        : Promise.reject(modelNotFound(request.model)),
    submit: (request, receiver) => {
      if (caller.mayUse(request.model)) submitTo(predictor, request, receiver)
      else receiver.failed(modelNotFound(request.model))
    },
    describe: (model, selector) => {
      if (caller.mayUse(model)) return predictor.describe(model, selector)
      throw modelNotFound(model)
    },
    versions: (model) => (caller.mayUse(model) ? predictor.versions(model) : undefined),
    models: () => predictor.models().filter((model) => caller.mayUse(model)),
    planAgeMs: () => predictor.planAgeMs(),
  }
}
