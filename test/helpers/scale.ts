/** How much slower than a quiet machine this one is: what CORRAL_TEST_TIMEOUT_SCALE says, 1 unless set. */
export const TIME_SCALE = Number(process.env['CORRAL_TEST_TIMEOUT_SCALE'] ?? 1);
