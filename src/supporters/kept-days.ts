/** Days after the end of the letters for which it is known who wrote to whom, so that she can be told when one did not arrive. */
export const keptDays = 90;
