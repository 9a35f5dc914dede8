/** Jest runs a test file in a realm with an `Error` of its own; Node's errors are of another. Here `instanceof Error` holds for both, as it does outside Jest. */
import { types } from 'node:util';

const isOrdinaryInstance = Function.prototype[Symbol.hasInstance];

Object.defineProperty(Error, Symbol.hasInstance, {
  value(error) {
    return isOrdinaryInstance.call(this, error) || (this === Error && types.isNativeError(error));
  },
});
