# The public pages in English. Whoever opens a link from a message reads them: perhaps not the person it was sent to.
# No word here says what the messages are about, and none says what was chosen before.

service = Your choices
skip = Skip to main content
language-name = English
unreviewed = { "" }
error-title = There is a problem
error-prefix = Error:
back = Back
contact = To reach us, answer any message from us.
contact-at = To reach us, write to { $address }.

start-title = What we send you
start-lead = You came here by the link in a message. Choose what you want us to do. Nothing changes before you confirm it.
start-legend = What would you like to do?
start-continue = Continue
start-error = Choose what you would like to do
choice-stop = Stop surveys
choice-stop-hint = Messages that we have to send, by law for example, still come.
choice-again = Get surveys again
choice-again-hint = If you stopped them here before.
choice-language = Use another language
choice-language-hint = For later messages.
choice-unsafe = This e-mail address is not safe for me
choice-unsafe-hint = Other people can read it, or using it puts you at risk.
choice-telephone = Please telephone me instead
choice-telephone-hint = We use the number that we have for you.
choice-access = What do you hold about me?
choice-access-hint = Ask for a copy.
choice-erasure = Forget me
choice-erasure-hint = Ask us to erase what we hold about you.

stop-title = Stop surveys
stop-text = We will send no more surveys to this address. A message that is on its way at this moment may still arrive.
stop-more = Messages that we have to send, by law for example, still come. You can change this here later, with the same link.
stop-button = Stop surveys

again-title = Get surveys again
again-text = If you stopped surveys on this page before, we may send them again. Messages that were stopped for another reason stay stopped.
again-more = A survey that was not sent to you meanwhile is not sent again.
again-button = Get surveys again

unsafe-title = This e-mail address is not safe for me
unsafe-text = We will send no message to this address again: no survey, and no other notice either. Somebody will look for another way to reach you if there is something that you must know.
unsafe-more = This takes effect at once. It cannot be undone on this page, so that nobody else who opens this link can undo it. To undo it, speak to us.
unsafe-history = This page does not say later what you chose. Your browser may still list that it was open. You can remove it from the history, and delete the message.
unsafe-button = Send nothing to this address

telephone-title = Please telephone me instead
telephone-text = We will be told that you would rather be called. We use the telephone number that we have for you, and ask nothing about it here.
telephone-more = Until somebody has called, messages may still come. You can stop surveys here too.
telephone-button = Ask for a call

access-title = What do you hold about me?
access-text = You can ask for a copy of everything that we hold about you. It is not shown here, because other people may be able to open this link.
access-more = We answer within one month. Before we do, we have to make sure that it is you who is asking.
access-button = Ask for a copy

erasure-title = Forget me
erasure-text = You can ask us to erase what we hold about you. Surveys stop at once, and somebody looks at what else can be erased.
erasure-more = We answer within one month, and may have to make sure that it is you who is asking. We keep a code, made from your address, by which we know not to write to it again.
erasure-button = Ask to be forgotten

language-title = Use another language
language-legend = Which language should later messages be in?
language-text = Only languages that the message was written in can be chosen.
language-one = The message that you got was written in one language only, so there is no other to choose.
language-error = Choose a language
language-button = Save

done-title = Saved
done-text = Your choice is saved. You can close this page.
done-stop = We send no more surveys to this address. A message that is on its way at this moment may still arrive.
done-again = If you had stopped surveys here, that is undone.
done-telephone = Somebody is told that you would like a call.
done-access = Your request was written down. We answer within one month.
done-erasure = Surveys have stopped, and your request was written down. We answer within one month.
done-language = Later messages come in this language where they were written in it.
done-back = Make another choice

unsubscribe-title = Stop surveys
unsubscribe-text = We will send no more surveys to this address. Nothing changes before you press the button.
unsubscribe-button = Stop surveys
unsubscribe-other = See everything that you can choose

gone-title = This link does not work
gone-text = It may be incomplete, or too old, or what belonged to it was erased. If you copied it, check that all of it is there.

wait-title = Try again in a moment
wait-text = This page was asked for too often. Nothing was changed.
form-title = This form cannot be taken
form-text = Nothing was changed. Open the link in your message again, and choose once more.
large-title = Too much at once
large-text = The form is larger than this page takes. Nothing was changed.
failed-title = Something went wrong here
failed-text = It is not your fault. Open the link in your message again in a few minutes, and choose once more.
slow-title = This took too long
slow-text = It was given up. Open the link in your message again in a few minutes, and choose once more: twice does no harm.
