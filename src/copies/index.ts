export { MAJOR, keyFor, keysOfOtherMajors, otherMajorOf, ownClass, recognise } from './copies';
