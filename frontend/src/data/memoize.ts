/** Return a function that calls `make` only if an argument has changed, else it returns the last result. */
export function memoize<Args extends readonly unknown[], Result>(make: (...args: Args) => Result): (...args: Args) => Result {
  let last: Args | undefined;
  let result: Result;
  return (...args) => {
    if (!last || args.some((arg, index) => !Object.is(arg, last![index]))) {
      result = make(...args);
      last = args;
    }
    return result;
  };
}
